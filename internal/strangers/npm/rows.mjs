// Writes the rows of Parquet files as JSON, one a line, into a file beside each: rows.mjs READER FILE... makes FILE.READER.
// What JSON has no value for is text: large integers, decimals, dates (2026-01-31) and times (2026-01-31T12:00:00.000Z).
import { readFileSync, writeFileSync } from 'node:fs'

const readers = { hyparquet, 'parquet-wasm': wasm }

async function hyparquet(bytes) {
  const { parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const parsers = { dateFromDays: (days) => new Date(days * 86400000).toISOString().slice(0, 10) }
  return parquetReadObjects({ file, compressors, parsers })
}

async function wasm(bytes) {
  const { readParquet } = await import('parquet-wasm/node')
  const { tableFromIPC } = await import('apache-arrow')
  const table = tableFromIPC(readParquet(bytes).intoIPCStream())
  const columns = table.schema.fields.map((f) => [f.name, f.type, table.getChild(f.name)])
  const rows = []
  for (let i = 0; i < table.numRows; i++) {
    rows.push(Object.fromEntries(columns.map(([name, type, c]) => [name, ofArrow(type, c.get(i))])))
  }
  return rows
}

// ofArrow makes plain values of Arrow's, by their types.
function ofArrow(type, v) {
  if (v === null || v === undefined) return null
  const kind = type.constructor.name
  switch (true) {
    case kind === 'Decimal':
      return decimal(v, type.scale)
    case kind.startsWith('Date'):
      return new Date(Number(v)).toISOString().slice(0, 10)
    case kind.startsWith('Timestamp'):
      return new Date(Number(v)).toISOString()
    case kind === 'List':
      return Array.from(v, (e) => ofArrow(type.children[0].type, e))
    case kind === 'Struct':
      return Object.fromEntries(type.children.map((f) => [f.name, ofArrow(f.type, v[f.name])]))
    case kind.startsWith('Map'): {
      const [, value] = type.children[0].type.children
      return Object.fromEntries(Array.from(v, ([k, e]) => [k, ofArrow(value.type, e)]))
    }
  }
  return v
}

// decimal makes digits of an Arrow decimal, which is words of 32 bits, the lowest first.
function decimal(words, scale) {
  let n = 0n
  for (let i = words.length - 1; i >= 0; i--) n = (n << 32n) | BigInt(words[i] >>> 0)
  n = BigInt.asIntN(32 * words.length, n)
  const digits = (n < 0n ? -n : n).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return (n < 0n ? '-' : '') + whole + (scale > 0 ? '.' + digits.slice(-scale) : '')
}

const [reader, ...files] = process.argv.slice(2)
for (const file of files) {
  let text = ''
  for (const row of await readers[reader](readFileSync(file))) {
    text += JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? v.toString() : v === undefined ? null : v)) + '\n'
  }
  writeFileSync(file + '.' + reader, text)
}
