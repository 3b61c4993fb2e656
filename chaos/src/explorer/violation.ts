/** Something that must never be seen was seen. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
