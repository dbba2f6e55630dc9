// Kubernetes objects as text that kubectl reads from its standard input. Pure.
import type { KubeObject } from '#core/objects.ts';
import { formatYaml } from './kubernetes-yaml.ts';

export const outputFormats = ['yaml', 'json'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export function formatObjects(objects: readonly KubeObject[], format: OutputFormat): string {
  if (format === 'yaml') return objects.map(formatYaml).join('---\n');
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`;
}
