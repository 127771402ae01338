import type { Db } from '../../platform/tx.ts'
import { DEFAULT_COMMISSION_RATE } from '../fees.ts'

/** Percent that the platform takes now. 0 is a value: only a missing or inactive row means the default. */
export async function getCommissionRate(db: Db): Promise<string> {
  const row = await db
    .selectFrom('jastip_fees_config')
    .select('value')
    .where('scope', '=', 'platform_commission')
    .where('calculation_type', '=', 'percent')
    .where('is_active', '=', true)
    .executeTakeFirst()
  return row?.value ?? DEFAULT_COMMISSION_RATE
}
