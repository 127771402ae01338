import { z } from 'zod'
import { type Route, route } from '../../platform/http.ts'
import { pageQuery } from '../../platform/paging.ts'
import { inTransaction } from '../../platform/tx.ts'
import type { StockChange } from '../../stock/index.ts'
import { changeProduct } from '../commands/change-product.ts'
import { createProduct } from '../commands/create-product.ts'
import type { JastipDeps } from '../deps.ts'
import { type IdParams, idParams, newProduct, productChange } from '../inputs.ts'
import { getOwnProduct, listProducts } from '../queries/products.ts'
import { productShape } from '../shapes.ts'
import { viewProduct } from '../view.ts'
import { userId } from './callers.ts'

const productQuery = pageQuery.extend({ tripId: z.uuid().optional() })

const getProducts = route<JastipDeps, unknown, z.infer<typeof productQuery>, unknown, unknown>(
  {
    method: 'get',
    path: '/api/products',
    who: ['jastiper'],
    summary: 'Own products, newest first, of one trip when it is named',
    query: productQuery,
    answer: z.array(productShape),
  },
  async (deps, { actor, query }) => {
    const page = await listProducts(deps.db, userId(actor), query)
    return { data: page.items.map(viewProduct), nextCursor: page.nextCursor }
  },
)

const postProduct = route<JastipDeps, unknown, unknown, z.infer<typeof newProduct>, unknown>(
  {
    method: 'post',
    path: '/api/products',
    who: ['jastiper'],
    summary: 'Add a product to an own trip',
    body: newProduct,
    answer: productShape,
    status: 201,
    errors: ['slug_taken', 'not_whole_rupiah'],
  },
  async (deps, { actor, body }) => {
    const jastiperId = userId(actor)
    const { isUnlimitedStock: _unlimited, stock = null, ...product } = body
    const id = await inTransaction(deps, actor, tx => createProduct(tx, jastiperId, { ...product, stock }))
    return { data: viewProduct(await getOwnProduct(deps.db, jastiperId, id)) }
  },
)

const patchProduct = route<JastipDeps, IdParams, unknown, z.infer<typeof productChange>, unknown>(
  {
    method: 'patch',
    path: '/api/products/:id',
    who: ['jastiper'],
    summary: 'Change a product; its stock by stockDelta, or by stock together with stockSeen',
    params: idParams,
    body: productChange,
    answer: productShape,
    errors: ['slug_taken', 'stock_moved', 'not_whole_rupiah', 'markup_too_high', 'tasks_have_no_stock'],
  },
  async (deps, { actor, params, body }) => {
    const jastiperId = userId(actor)
    const { stockDelta, stock, stockSeen, isUnlimitedStock, ...change } = body
    const edit = stockChange({ stockDelta, stock, stockSeen, isUnlimitedStock })
    await inTransaction(deps, actor, tx => changeProduct(tx, jastiperId, params.id, { ...change, stock: edit }))
    return { data: viewProduct(await getOwnProduct(deps.db, jastiperId, params.id)) }
  },
)

type StockEdit = Pick<z.infer<typeof productChange>, 'stockDelta' | 'stock' | 'stockSeen' | 'isUnlimitedStock'>

function stockChange({ stockDelta, stock, stockSeen, isUnlimitedStock }: StockEdit): StockChange | undefined {
  if (stockDelta !== undefined) return { delta: stockDelta }
  if (isUnlimitedStock) return { stock: null, seen: stockSeen ?? null }
  return stock === undefined ? undefined : { stock, seen: stockSeen ?? null }
}

export const productRoutes: Route<JastipDeps>[] = [getProducts, postProduct, patchProduct]
