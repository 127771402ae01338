import base from './jest.config.js'

/** The heavy cases at full size: `npm run test:heavy`. */
export default {
  ...base,
  testMatch: ['**/*.heavy.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 900_000,
  maxWorkers: 1,
}
