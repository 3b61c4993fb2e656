import type { SkepError } from '@skep/kernel';

/** Whether what was asked may have happened all the same. An error that is none of ours says nothing of it. */
export function isUncertain({ code }: SkepError): boolean {
  return code === 'outcome-unknown' || code === 'timeout' || code === 'internal';
}
