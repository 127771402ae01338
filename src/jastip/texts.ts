import type { NoticeEvent } from './notices.ts'

export type Language = 'id' | 'en'
export type Text = Readonly<Record<Language, string>>

/** Texts per event; `owner` only where the owner reads another one than the buyer. Spec jastip §11. */
export const TEXTS: Readonly<Record<NoticeEvent, { buyer: Text; owner?: Text }>> = {
  order_created: {
    buyer: {
      id: 'Halo {name}, pesanan {code} untuk trip {trip} tercatat. Bayar DP {dp} sebelum {deadline}. {link}',
      en: 'Hi {name}, order {code} on trip {trip} is noted. Pay the down payment of {dp} before {deadline}. {link}',
    },
  },
  dp_received: {
    buyer: {
      id: 'DP {dp} pesanan {code} masuk. {jastiper} memeriksa harga dan stok sebelum {deadline}.',
      en: 'Your down payment of {dp} for {code} is in. {jastiper} checks price and stock before {deadline}.',
    },
    owner: {
      id: 'DP {code} dari {name}. Putuskan sebelum {deadline}, kalau tidak pesanan ditolak otomatis.',
      en: 'Down payment for {code} from {name}. Decide before {deadline} or it is rejected automatically.',
    },
  },
  accepted: {
    buyer: {
      id: '{code} diterima. Barang {subtotal}, jasa {markup}, ongkir {shipping}, layanan {service}, komisi {commission}: total {total}. DP {dp}, sisa {remaining}. {link}',
      en: '{code} is accepted. Goods {subtotal}, markup {markup}, shipping {shipping}, service {service}, commission {commission}: total {total}. Paid {dp}, left {remaining}. {link}',
    },
  },
  rejected: {
    buyer: {
      id: 'Maaf, {code} tidak bisa dipenuhi: {reason}. {refundNote}',
      en: 'Sorry, {code} cannot be fulfilled: {reason}. {refundNote}',
    },
  },
  final_received: {
    buyer: {
      id: 'Pelunasan {code} sebesar {remaining} masuk dan akan diperiksa.',
      en: 'Final payment of {remaining} for {code} is in and will be checked.',
    },
  },
  final_rejected: {
    buyer: {
      id: 'Bukti pelunasan {code} belum bisa diterima: {reason}. Kirim ulang: {link}',
      en: 'The proof for {code} could not be accepted: {reason}. Send it again: {link}',
    },
  },
  paid: { buyer: { id: '{code} lunas. Terima kasih!', en: '{code} is fully paid. Thank you!' } },
  completed: { buyer: { id: '{code} selesai.', en: '{code} is complete.' } },
  cancelled: { buyer: { id: '{code} dibatalkan oleh pembeli.', en: '{code} was cancelled by the buyer.' } },
  expired: {
    buyer: {
      id: '{code} dibatalkan karena {what} tidak masuk tepat waktu. {refundNote}',
      en: '{code} was cancelled because {what} did not arrive in time. {refundNote}',
    },
  },
  refund_owed: {
    buyer: {
      id: 'Kembalikan {amount} untuk {code} kepada {name}, lalu konfirmasi dengan nomor referensi.',
      en: 'Return {amount} for {code} to {name}, then confirm it with the reference.',
    },
  },
  refunded: {
    buyer: {
      id: 'DP {amount} untuk {code} sudah dikembalikan.',
      en: 'The {amount} paid for {code} has been returned.',
    },
  },
}

/** What was late. */
export const WHAT: Readonly<Record<string, Text>> = {
  dp: { id: 'DP', en: 'the down payment' },
  final: { id: 'pelunasan', en: 'the final payment' },
}

/** What becomes of the buyer's money. */
export const REFUND_NOTES = {
  owed: { id: 'DP {dp} akan dikembalikan.', en: 'The {dp} that you paid will be returned.' },
  notReceived: { id: 'Pembayaran tidak diterima.', en: 'No payment was received.' },
} satisfies Record<string, Text>

/** Reasons that a job gives instead of a person. */
export const REASONS: Readonly<Record<string, Text>> = {
  validation_timeout: { id: 'penjual tidak memutuskan tepat waktu', en: 'the seller did not decide in time' },
}
