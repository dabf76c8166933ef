import { computed } from 'vue'
import type { CellValue, LedgerInfo, LedgerRow } from '@/shared/backend'
import { useTexts } from '@/shared/i18n'
import { cellText, type CellContent, type CellWords, headColumn, type LedgerColumn, stateOf, statusColumn } from '@/shared/ledger'
import { useApp } from '../../state/app'

/** How rows of ledgers are put into words on the phone. */
export function useLedger() {
  const { t, pick } = useTexts()
  const { ledgers, categories, districts } = useApp()

  const words: CellWords = {
    pick,
    get yes() {
      return t('common.yes')
    },
    get no() {
      return t('common.no')
    },
    place(code) {
      const named = [...categories.value, ...districts.value].find((row) => row.code === code)
      if (named) return pick(named)
      return districts.value.flatMap((row) => row.townships).find((row) => row.code === code)?.zh ?? code
    },
  }

  const info = (name: string): LedgerInfo | undefined => ledgers.value.find((each) => each.name === name)

  /** A cell in words; empty when nobody filled it. */
  function text(column: LedgerColumn, row: LedgerRow, value: CellValue | null | undefined = row.cells[column.name]?.value): string {
    if (value === null || value === undefined) return ''
    const said = cellText(column, value as CellContent, row.names, words)
    return said || (['venue', 'row', 'visit', 'officer', 'team'].includes(column.type) ? t('ledger.notHere') : '')
  }

  /** What a row is about, in one line: its venue, else its first words. */
  function headline(row: LedgerRow): string {
    const column = headColumn(info(row.ledger)?.columns ?? [], row.cells)
    return column ? text(column, row) : ''
  }

  /** What else a list shows of it: the first filled columns that the headline does not say. */
  function details(row: LedgerRow, at_most = 3): string[] {
    const skipped = ['state', 'photo', 'ink', 'visit', 'team']
    const columns = (info(row.ledger)?.columns ?? []).filter((column) => !skipped.includes(column.type))
    const head = headline(row)
    return columns.map((column) => text(column, row)).filter((said) => said && said !== head).slice(0, at_most)
  }

  /** Where a row stands, in a word; undefined for what has no states. */
  function status(row: LedgerRow) {
    const column = statusColumn(info(row.ledger)?.columns ?? [])
    return column ? stateOf(column, row.cells[column.name]?.value as CellContent | null).now : undefined
  }

  return { ledgers: computed(() => ledgers.value), info, text, headline, details, status, words }
}
