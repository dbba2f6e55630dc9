// Which of two states of one object is the newer. Pure. Kubernetes promises since 1.35 that resourceVersions of one resource
// compare as whole numbers (KEP-5504); every API server before stored them so, without the promise.

const wholeNumber = /^[1-9]\d*$/;

/** False when either is no whole number: then the caller's other evidence counts. */
export function isOlderVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || !wholeNumber.test(a) || !wholeNumber.test(b)) return false;
  // Of any length: the longer number is the greater one.
  return a.length === b.length ? a < b : a.length < b.length;
}
