import type { Answer, ItemView } from '@/shared/backend'
import { degrees } from '@/shared/i18n/format'

/** What of an item its answers are read by. */
type Asked = Pick<ItemView, 'unit' | 'choices'>

type Words = { word: (group: string, code: string) => string; pick: (both: { zh: string; en: string }) => string }

/** An answer in words, for a conflict and for a sealed visit. */
export function answerText(answer: Answer, item: Asked, { word, pick }: Words): string {
  switch (answer.kind) {
    case 'yes':
    case 'no':
    case 'na':
      return word('answer', answer.kind)
    case 'number':
      return item.unit ? `${answer.value} ${item.unit}` : String(answer.value)
    case 'percent':
      return `${answer.value} %`
    case 'temperature':
      return `${degrees(answer.value)} °C`
    case 'text':
      return answer.value
    case 'choice': {
      const row = item.choices.find((choice) => choice.code === answer.value)
      return row ? pick(row) : answer.value
    }
  }
}
