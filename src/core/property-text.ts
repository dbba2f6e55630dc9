// What may stand as the value of a property, once for the rules of the CRD and for whoever renders (design D12). Pure.
// Source: java.util.Properties (lines, continuation), Trino docs "Secrets" (environment variables in properties).

export interface PropertyRule {
  /** CEL over `self`, the value: true where all is well. */
  readonly cel: string;
  readonly isBroken: (value: string) => boolean;
  /** Never shows the value: it may be a secret. */
  readonly message: string;
}

/** Found anywhere: characters that would end a line of a properties file and begin another property. */
const controlCharacters = '[\\x00-\\x1f\\x7f]';
const passwordInUrl = '://[^/@\\s:]*:[^/@\\s]+@';
const privateKeys = ['PRIVATE KEY-----', 'private_key', 'client_secret'] as const;

/** A CEL string literal. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export function hasControlCharacter(text: string): boolean {
  return new RegExp(controlCharacters).test(text);
}

export const propertyRules: readonly PropertyRule[] = Object.freeze([
  {
    cel: `!self.matches(${celText(controlCharacters)})`,
    isBroken: hasControlCharacter,
    message: 'must be a single line without control characters, or it would set other properties too',
  },
  {
    cel: "!self.endsWith('\\\\')",
    isBroken: (value: string) => value.endsWith('\\'),
    message: 'must not end in a backslash, which would join the next property to it',
  },
  {
    cel: "!self.contains('${ENV:')",
    isBroken: (value: string) => value.includes('${ENV:'),
    message: '${ENV:...} could read the secrets of other catalogs: name the Secret in propertySecretRefs instead',
  },
  {
    cel: `!self.matches(${celText(passwordInUrl)})`,
    isBroken: (value: string) => new RegExp(passwordInUrl, 'u').test(value),
    message: 'has a password in its URL: move the property to propertySecretRefs',
  },
  {
    cel: privateKeys.map((text) => `!self.contains(${celText(text)})`).join(' && '),
    isBroken: (value: string) => privateKeys.some((text) => value.includes(text)),
    message: 'holds a private key: move the property to propertySecretRefs',
  },
]);

/** What is wrong with a value, in words; undefined when nothing is. */
export function findPropertyProblem(value: string): string | undefined {
  return propertyRules.find(({ isBroken }) => isBroken(value))?.message;
}
