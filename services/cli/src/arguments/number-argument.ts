import { InvalidArgumentError } from 'commander';

/** A whole number from 0. For commander's `argParser`. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return number;
}

/** More than 0. */
export function positiveNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

/** `50%` or `50`, strictly between 0 and 100; as a share of 1. */
export function share(text: string): number {
  const number = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(number > 0 && number < 100)) throw new InvalidArgumentError('It must be a percentage between 0 and 100, such as 50%.');
  return number / 100;
}
