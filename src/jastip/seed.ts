import { createUser, type NewUser } from '../identity/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx, type TxDeps } from '../platform/tx.ts'
import { createProduct, type NewProduct } from './commands/create-product.ts'
import { createTrip, type NewTrip } from './commands/create-trip.ts'

/** Password of every demo account. */
export const DEMO_PASSWORD = 'demo-password-1'

const JASTIPER = 'jastiper@demo.antre'
const SECOND_JASTIPER = 'jastiper2@demo.antre'

const USERS: Omit<NewUser, 'password'>[] = [
  { email: JASTIPER, fullName: 'Sari Wijaya', role: 'jastiper', slug: 'sari-jastip' },
  { email: SECOND_JASTIPER, fullName: 'Budi Santoso', role: 'jastiper', slug: 'budi-jastip' },
  { email: 'ops@demo.antre', fullName: 'Demo Ops', role: 'ops' },
  { email: 'admin@demo.antre', fullName: 'Demo Admin', role: 'admin' },
]

type DemoTrip = { owner: string; trip: NewTrip; products: Omit<NewProduct, 'tripId'>[] }

const rules = { dpPercentage: 20, isActive: true }
const plain = { status: 'active', requiresDetails: false, requiresProof: false } as const

const TRIPS: DemoTrip[] = [
  {
    owner: JASTIPER,
    trip: { ...rules, slug: 'tokyo', title: 'Tokyo in spring', paymentType: 'dp' },
    products: [
      {
        ...plain,
        title: 'Matcha chocolate',
        price: 85_000,
        type: 'goods',
        stock: 500,
        markupType: 'percent',
        markupValue: 12.5,
      },
      {
        ...plain,
        title: 'Limited sneakers',
        price: 1_850_000,
        type: 'goods',
        stock: 20,
        markupType: 'flat',
        markupValue: 150_000,
      },
      {
        ...plain,
        title: 'Queue at the toy shop',
        price: 125_000,
        type: 'tasks',
        stock: null,
        markupType: 'percent',
        markupValue: 0,
        requiresDetails: true,
      },
    ],
  },
  {
    owner: SECOND_JASTIPER,
    trip: { ...rules, slug: 'bangkok', title: 'Bangkok weekend', paymentType: 'full', finalPaymentHours: 48 },
    products: [
      {
        ...plain,
        title: 'Dried mango',
        price: 49_000,
        type: 'goods',
        stock: null,
        markupType: 'flat',
        markupValue: 5_000,
      },
    ],
  },
]

/**
 * Demo accounts with a bank account, trips and products. Idempotent: what exists stays as it is. Whoever calls decides
 * that this is no production.
 */
export async function seedDemo(deps: TxDeps): Promise<void> {
  await inTransaction(deps, systemActor('seed'), async tx => {
    for (const user of USERS) await seedUser(tx, user)
    for (const { owner, trip, products } of TRIPS) await seedTrip(tx, await userIdOf(tx, owner), trip, products)
  })
}

async function seedUser(tx: Tx, user: Omit<NewUser, 'password'>): Promise<void> {
  if ((await findUserId(tx, user.email)) !== undefined) return
  const { id } = await createUser(tx, { ...user, password: DEMO_PASSWORD })
  if (user.role !== 'jastiper') return
  await tx.db
    .insertInto('jastip_bank_accounts')
    .values({
      id: newId(),
      user_id: id,
      bank_name: 'Bank Demo',
      account_number: '1234567890',
      account_holder_name: user.fullName,
      is_primary: true,
      is_default: true,
      created_at: tx.now,
    })
    .execute()
}

async function seedTrip(tx: Tx, owner: string, trip: NewTrip, products: Omit<NewProduct, 'tripId'>[]): Promise<void> {
  const seeded = await tx.db
    .selectFrom('jastip_trips')
    .select('id')
    .where('jastiper_id', '=', owner)
    .where('slug', '=', trip.slug ?? '')
    .executeTakeFirst()
  if (seeded !== undefined) return
  const tripId = await createTrip(tx, owner, trip, { hasGateway: true })
  for (const product of products) await createProduct(tx, owner, { ...product, tripId })
}

async function findUserId(tx: Tx, email: string): Promise<string | undefined> {
  const user = await tx.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  return user?.id
}

async function userIdOf(tx: Tx, email: string): Promise<string> {
  const id = await findUserId(tx, email)
  if (id === undefined) throw new Error(`there is no demo account ${email}`)
  return id
}
