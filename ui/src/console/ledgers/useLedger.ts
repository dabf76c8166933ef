// How rows of ledgers are put into words at HQ.
import { shallowRef } from 'vue'
import { cellText, type CellContent, type CellWords, headColumn, type LedgerColumn, stateOf, statusColumn } from '@/shared/ledger'
import type { LedgerInfo, LedgerRow } from '@/shared/backend/generated/console'
import { api } from '../api'
import { useFormat } from '../format/useFormat'

/** The same for everyone, fetched once. */
const ledgers = shallowRef<LedgerInfo[]>([])

export async function loadLedgers() {
  if (ledgers.value.length === 0) ledgers.value = await api.ledgers()
}

export function useLedger() {
  const { t, pick, category, district } = useFormat()
  const words: CellWords = {
    pick: (of) => pick(of.zh, of.en),
    get yes() {
      return t('common.yes')
    },
    get no() {
      return t('common.no')
    },
    place: (code) => (/^\d/.test(code) ? district(code) : category(code)),
  }
  const info = (name: string) => ledgers.value.find((each) => each.name === name)

  function text(column: LedgerColumn, row: LedgerRow, value: CellContent | null | undefined = row.cells[column.name]?.value): string {
    if (value === null || value === undefined) return ''
    return cellText(column, value, row.names, words) || (typeof value === 'string' ? value.slice(0, 8) : '')
  }

  function state(row: LedgerRow) {
    const column = statusColumn(info(row.ledger)?.columns ?? [])
    return column ? stateOf(column, row.cells[column.name]?.value).now : undefined
  }

  /** The venue, else the first words that are filled. */
  function headline(row: LedgerRow): string {
    const column = headColumn(info(row.ledger)?.columns ?? [], row.cells)
    return column ? text(column, row) : ''
  }

  return { ledgers, info, text, state, headline }
}
