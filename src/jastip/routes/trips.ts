import { z } from 'zod'
import { invalid } from '../../platform/errors.ts'
import { type Route, route } from '../../platform/http.ts'
import { pageQuery } from '../../platform/paging.ts'
import { databaseNow, inTransaction } from '../../platform/tx.ts'
import { changeTrip } from '../commands/change-trip.ts'
import { createTrip } from '../commands/create-trip.ts'
import type { JastipDeps } from '../deps.ts'
import { type IdParams, idParams, newTrip, tripChange } from '../inputs.ts'
import { listActiveProducts } from '../queries/products.ts'
import { getOwnTrip, getPublicTrip, listTrips } from '../queries/trips.ts'
import { publicProductShape, publicTripShape, tripShape } from '../shapes.ts'
import { viewPublicProduct, viewPublicTrip, viewTrip } from '../view.ts'
import { userId } from './callers.ts'

const MOST_PRODUCTS = 500

const idList = z
  .string()
  .transform(text => text.split(','))
  .pipe(z.array(z.uuid()).max(50))
const hasGateway = (deps: JastipDeps) => ({ hasGateway: deps.paymentProvider !== undefined })

async function showTrip(deps: JastipDeps, jastiperId: string, id: string) {
  return viewTrip(await getOwnTrip(deps.db, jastiperId, id), await databaseNow(deps.db))
}

const getTrips = route<JastipDeps, unknown, z.infer<typeof pageQuery>, unknown, unknown>(
  {
    method: 'get',
    path: '/api/trips',
    who: ['jastiper'],
    summary: 'Own trips, newest first',
    query: pageQuery,
    answer: z.array(tripShape),
  },
  async (deps, { actor, query }) => {
    const [page, now] = await Promise.all([listTrips(deps.db, userId(actor), query), databaseNow(deps.db)])
    return { data: page.items.map(trip => viewTrip(trip, now)), nextCursor: page.nextCursor }
  },
)

const postTrip = route<JastipDeps, unknown, unknown, z.infer<typeof newTrip>, unknown>(
  {
    method: 'post',
    path: '/api/trips',
    who: ['jastiper'],
    summary: 'Open a trip',
    body: newTrip,
    answer: tripShape,
    status: 201,
    errors: ['slug_taken', 'no_payment_target', 'demo_only'],
  },
  async (deps, { actor, body }) => {
    if (body.demoDeadlines !== undefined && !deps.config.DEMO) {
      throw invalid('demo_only', 'demoDeadlines', 'only a server with demo data takes shortened deadlines')
    }
    const jastiperId = userId(actor)
    const id = await inTransaction(deps, actor, tx => createTrip(tx, jastiperId, body, hasGateway(deps)))
    return { data: await showTrip(deps, jastiperId, id) }
  },
)

const getTrip = route<JastipDeps, IdParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/trips/:id',
    who: ['jastiper'],
    summary: 'One of the own trips',
    params: idParams,
    answer: tripShape,
  },
  async (deps, { actor, params }) => ({ data: await showTrip(deps, userId(actor), params.id) }),
)

const patchTrip = route<JastipDeps, IdParams, unknown, z.infer<typeof tripChange>, unknown>(
  {
    method: 'patch',
    path: '/api/trips/:id',
    who: ['jastiper'],
    summary: 'Change a trip; orders that exist keep the rules of their checkout',
    params: idParams,
    body: tripChange,
    answer: tripShape,
    errors: ['slug_taken', 'no_payment_target'],
  },
  async (deps, { actor, params, body }) => {
    const jastiperId = userId(actor)
    await inTransaction(deps, actor, tx => changeTrip(tx, jastiperId, params.id, body, hasGateway(deps)))
    return { data: await showTrip(deps, jastiperId, params.id) }
  },
)

const getTripPublic = route<JastipDeps, IdParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/trips/:id/public',
    who: ['public'],
    summary: 'An active trip as buyers see it',
    params: idParams,
    answer: publicTripShape,
  },
  async (deps, { params }) => {
    const [trip, now] = await Promise.all([getPublicTrip(deps.db, params.id), databaseNow(deps.db)])
    return { data: viewPublicTrip(trip, now) }
  },
)

const getTripProducts = route<JastipDeps, IdParams, { ids?: string[] | undefined }, unknown, unknown>(
  {
    method: 'get',
    path: '/api/trips/:id/products',
    who: ['public'],
    summary: 'What buyers can order on an active trip',
    params: idParams,
    query: z.object({ ids: idList.optional() }),
    answer: z.array(publicProductShape),
  },
  async (deps, { params, query }) => {
    await getPublicTrip(deps.db, params.id)
    const products = await listActiveProducts(deps.db, params.id, { ids: query.ids, limit: MOST_PRODUCTS })
    return { data: products.map(viewPublicProduct) }
  },
)

export const tripRoutes: Route<JastipDeps>[] = [getTrips, postTrip, getTrip, patchTrip, getTripPublic, getTripProducts]
