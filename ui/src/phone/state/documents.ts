import type { DocumentField } from '@/shared/backend'

/** Whether a required field has fewer lines than it needs: two officers are two lines. */
export function lacks(field: DocumentField, text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '').length
  return field.required && lines < field.lines
}
