import fc from 'fast-check'
import { newId } from '../platform/ids.ts'
import { codeCandidate, parseCode } from './code.ts'

const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const code = fc.nat(9).map(n => codeCandidate('JST', newId(), n))

test('a code is the same for the same order and candidate, and another for the next candidate', () => {
  const id = '0198c2f0-0000-7000-8000-000000000001'
  expect(codeCandidate('JST', id, 0)).toBe(codeCandidate('JST', id, 0))
  expect(codeCandidate('JST', id, 0)).not.toBe(codeCandidate('JST', id, 1))
  expect(codeCandidate('FCT', id, 0)).toMatch(/^FCT-[2-9A-HJKMNP-Z]{6}-[2-9A-HJKMNP-Z]{2}$/)
})

test('what a person types finds the code whatever its case, spaces and dashes', () => {
  fc.assert(
    fc.property(code, fc.constantFrom('-', ' ', '', ' - '), (stored, between) => {
      expect(parseCode('JST', stored.replaceAll('-', between).toLowerCase())).toBe(stored)
    }),
  )
})

test('one wrong character is found', () => {
  fc.assert(
    fc.property(code, fc.nat(5), fc.constantFrom(...ALPHABET), (stored, at, char) => {
      const place = 'JST-'.length + at
      fc.pre(stored[place] !== char)
      const typed = stored.slice(0, place) + char + stored.slice(place + 1)
      expect(() => parseCode('JST', typed)).toThrow(expect.objectContaining({ code: 'order_code_invalid' }))
    }),
  )
})

test('two neighbours that changed places are found', () => {
  fc.assert(
    fc.property(code, fc.nat(4), (stored, at) => {
      const place = 'JST-'.length + at
      fc.pre(stored[place] !== stored[place + 1])
      const typed = stored.slice(0, place) + stored[place + 1] + stored[place] + stored.slice(place + 2)
      expect(() => parseCode('JST', typed)).toThrow(expect.objectContaining({ code: 'order_code_invalid' }))
    }),
  )
})

test('a code of another flow or of another length is refused', () => {
  const stored = codeCandidate('FCT', newId(), 0)
  expect(() => parseCode('JST', stored)).toThrow('mistyped')
  expect(() => parseCode('FCT', stored.slice(0, -1))).toThrow('mistyped')
  expect(() => parseCode('FCT', `${stored}2`)).toThrow('mistyped')
})
