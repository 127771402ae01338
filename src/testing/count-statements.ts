import { captureStatements } from './capture-statements.ts'

/** How many statements this process sends to Postgres while `work` runs. */
export const countStatements = async (work: () => Promise<unknown>): Promise<number> =>
  (await captureStatements(work)).length
