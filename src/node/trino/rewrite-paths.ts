// Makes configuration written for the image's file system true below a Pod's root directory. Pure.
//
//   in the image                      here
//   /etc/trino/x                      <root>/etc/trino/x
//   /data/trino/x                     <root>/data/trino/x
//   <any mount path of the Pod>/x     <root><mount path>/x
//   /usr/lib/trino/plugin             the installation's plugin directory (by -Dplugin.dir, not by rewriting)
//
// Rewritten are the materialised copies of text files (.properties, .config, .xml, .toml) and the values of environment
// variables, wherever such a path begins a value: at the start of the text, or after one of `= , : ; " ' >` or a space.

const REWRITTEN_FILES = /\.(properties|config|xml|toml)$/;
/** What the image has, mounted or not. */
const IMAGE_PATHS = ['/etc/trino', '/data/trino'] as const;

export interface PathRewriter {
  readonly isRewritten: (path: string) => boolean;
  readonly rewrite: (text: string) => string;
}

export function createPathRewriter(root: string, mountPaths: readonly string[]): PathRewriter {
  const paths = [...new Set([...IMAGE_PATHS, ...mountPaths])].filter((path) => path.startsWith('/') && path !== '/');
  // longest first, so that a nested mount wins; all are below the same root, so it only matters for the boundary
  const alternatives = paths.toSorted((a, b) => b.length - a.length).map((path) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`(^|[=,:;"'>\\s]|://)(${alternatives.join('|')})(?=$|[/,:;"'<\\s])`, 'gm');
  return {
    isRewritten: (path) => REWRITTEN_FILES.test(path),
    rewrite: (text) => text.replaceAll(pattern, (_whole, before: string, path: string) => `${before}${root}${path}`),
  };
}
