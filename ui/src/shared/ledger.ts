import { degrees } from './i18n/format'

/** A column as both apps know it. */
export interface LedgerColumn {
  name: string
  type: string
  about: string
  private: boolean
  required: boolean
  stamped: boolean
  zh: string
  en: string
  choices: { code: string; zh: string; en: string; next: string[] }[]
}

export type CellContent = string | number | boolean | string[]

/** What a cell needs to be put into words. */
export interface CellWords {
  pick: (of: { zh: string; en: string }) => string
  yes: string
  no: string
  /** By the code of a category, a district or a township. */
  place: (code: string) => string
}

const two = (n: number) => String(n).padStart(2, '0')

/** `2020-02-03 14:05` in the zone of the screen. */
export function moment(ms: number): string {
  const at = new Date(ms)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** What an `<input type="datetime-local">` shows and gives. */
export const momentInput = (ms: number): string => moment(ms).replace(' ', 'T')
export const momentOf = (input: string): number => new Date(input).getTime()

/** Fen as yuan: `123450` is `1234.50`. */
export const yuan = (fen: number): string => `${Math.trunc(fen / 100)}.${two(fen % 100)}`

/** What a person typed as yuan, in fen; undefined for no amount. */
export function fen(typed: string): number | undefined {
  const parts = /^(\d{1,7})(?:[.](\d{1,2}))?$/.exec(typed.trim())
  if (!parts) return undefined
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'))
}

/** A temperature as typed, in tenths of a degree; undefined for none. */
export function tenths(typed: string): number | undefined {
  const parts = /^(\d{1,2})(?:[.](\d))?$/.exec(typed.trim())
  return parts ? Number(parts[1]) * 10 + Number(parts[2] ?? 0) : undefined
}

/** A cell as its field shows it while it is typed. */
export function typedOf(type: string, value: CellContent | undefined): string {
  if (value === undefined) return ''
  switch (type) {
    case 'money':
      return yuan(Number(value))
    case 'temperature':
      return degrees(Number(value))
    case 'time':
      return momentInput(Number(value))
    default:
      return String(value)
  }
}

/** What a person typed as the cell that it means; undefined for nothing, and for what cannot be read. */
export function readTyped(type: string, text: string): string | number | undefined {
  if (text.trim() === '') return undefined
  switch (type) {
    case 'int':
      return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined
    case 'money':
      return fen(text)
    case 'temperature':
      return tenths(text)
    case 'time':
      return Number.isNaN(momentOf(text)) ? undefined : momentOf(text)
    default:
      return text
  }
}

/** The column that says what a row is about: its venue, else the first that is filled, words before people and times. */
export function headColumn<C extends LedgerColumn>(
  columns: C[],
  cells: Record<string, { value: unknown } | undefined>,
): C | undefined {
  for (const types of [['venue'], ['text'], ['officer', 'officers'], ['choice'], ['day', 'time']]) {
    const column = columns.find((each) => types.includes(each.type) && (cells[each.name]?.value ?? '') !== '')
    if (column) return column
  }
  return undefined
}

/** A cell in words. Ids are named by `names`; what has no name here stays empty, and the screen says so. */
export function cellText(
  column: LedgerColumn,
  value: CellContent,
  names: Record<string, string | undefined>,
  words: CellWords,
): string {
  const chosen = (code: string) => {
    const choice = column.choices.find((each) => each.code === code)
    return choice ? words.pick(choice) : code
  }
  switch (column.type) {
    case 'choice':
    case 'state':
      return chosen(String(value))
    case 'choices':
      return (value as string[]).map(chosen).join('、')
    case 'bool':
      return value ? words.yes : words.no
    case 'money':
      return `¥${yuan(Number(value))}`
    case 'temperature':
      return `${degrees(Number(value))} ℃`
    case 'time':
      return moment(Number(value))
    case 'district':
    case 'township':
      return words.place(String(value))
    case 'categories':
    case 'districts':
      return (value as string[]).map(words.place).join('、')
    case 'venue':
    case 'team':
    case 'officer':
    case 'row':
    case 'visit':
      return names[String(value)] ?? ''
    case 'officers':
      return (value as string[]).map((id) => names[id] ?? '').filter(Boolean).join('、')
    case 'photo':
    case 'ink':
      return ''
    default:
      return String(value)
  }
}

/** The state of a row, and which may follow; a row that nobody gave one is in the first. */
export function stateOf(column: LedgerColumn | undefined, value: CellContent | null | undefined) {
  const now = column?.choices.find((choice) => choice.code === value) ?? column?.choices[0]
  const next = now?.next.flatMap((code) => column?.choices.find((choice) => choice.code === code) ?? []) ?? []
  return { now, next }
}

/** The state columns that a row shows as steps: the first, and further ones that somebody began with. */
export const stepColumns = <C extends LedgerColumn>(columns: C[], cells: Record<string, { value: unknown } | undefined>): C[] =>
  columns.filter((column) => column.type === 'state').filter((column, at) => at === 0 || cells[column.name]?.value != null)

/** The column that says where a row stands. */
export const statusColumn = <C extends LedgerColumn>(columns: C[]): C | undefined =>
  columns.find((column) => column.type === 'state')
