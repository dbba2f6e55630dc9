// Values that the server gives to objects: times and ends of generated names, as Kubernetes writes them. Pure; clock and chance
// come in.

/** Without look-alikes and vowels, as Kubernetes makes them. */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function randomSuffix(random: () => number, length = 5): string {
  return Array.from({ length }, () => NAME_ALPHABET[Math.floor(random() * NAME_ALPHABET.length)] ?? 'x').join('');
}

/** RFC 3339 in whole seconds, as Kubernetes writes metav1.Time. */
export function timeText(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
