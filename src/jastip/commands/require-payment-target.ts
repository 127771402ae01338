import { invalid } from '../../platform/errors.ts'
import type { Db } from '../../platform/tx.ts'

/**
 * An active trip must be payable: through the gateway or to the owner's primary bank account.
 * @throws AppError 422 `no_payment_target`
 */
export async function requirePaymentTarget(db: Db, jastiperId: string, hasGateway: boolean): Promise<void> {
  if (hasGateway) return
  const account = await db
    .selectFrom('jastip_bank_accounts')
    .select('id')
    .where('user_id', '=', jastiperId)
    .where('is_primary', '=', true)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (account === undefined) {
    throw invalid('no_payment_target', 'isActive', 'an active trip needs a primary bank account or a payment gateway')
  }
}
