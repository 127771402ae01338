/** Upper bounds of the buckets in milliseconds; one more bucket holds everything above. */
const BUCKETS_MS = [
  1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 350, 600, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000,
] as const

export type Histogram = number[]

export const emptyHistogram = (): Histogram => new Array<number>(BUCKETS_MS.length + 1).fill(0)

/** Counts `times` values of `ms` in place. */
export function observe(histogram: Histogram, ms: number, times = 1): void {
  let bucket = BUCKETS_MS.findIndex(bound => ms <= bound)
  if (bucket < 0) bucket = BUCKETS_MS.length
  histogram[bucket] = (histogram[bucket] ?? 0) + times
}

/** The sum of histograms. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const sum = emptyHistogram()
  for (const histogram of histograms)
    histogram.forEach((count, bucket) => {
      sum[bucket] = (sum[bucket] ?? 0) + count
    })
  return sum
}

/** The `q` quantile (0…1) in milliseconds, interpolated within its bucket; null when nothing was counted. */
export function quantile(histogram: Histogram, q: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = q * total
  let seen = 0
  for (const [bucket, count] of histogram.entries()) {
    if (seen + count >= rank && count > 0) {
      const low = bucket === 0 ? 0 : (BUCKETS_MS[bucket - 1] ?? 0)
      const high = BUCKETS_MS[bucket] ?? low
      return Math.round((low + ((rank - seen) / count) * (high - low)) * 100) / 100
    }
    seen += count
  }
  return null
}
