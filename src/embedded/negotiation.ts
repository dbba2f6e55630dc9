// What a client accepts: plain JSON, YAML, a Table, metadata only, or aggregated discovery. Pure.
import { KubeError } from '#kube/errors.ts';

export type View = 'json' | 'yaml' | 'table' | 'metadata' | 'discovery-v2' | 'discovery-v2beta1';

/** The first acceptable view that this server can give. Throws 406 when there is none. */
export function chooseView(accept: string | undefined, offersDiscovery = false): View {
  if (accept === undefined || accept.trim() === '') {
    return 'json';
  }
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const values = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const view = viewOf(type, values, offersDiscovery);
    if (view !== undefined) {
      return view;
    }
  }
  const message = 'only the following media types are accepted: application/json, application/yaml';
  throw new KubeError({ code: 406, reason: 'NotAcceptable', message });
}

function viewOf(type: string, parameters: ReadonlyMap<string, string>, offersDiscovery: boolean): View | undefined {
  const as = parameters.get('as');
  if (type === 'application/yaml') {
    return as === undefined ? 'yaml' : undefined;
  }
  if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') {
    return undefined;
  }
  switch (as) {
    case undefined:
      return 'json';
    case 'Table':
      return parameters.get('v') === 'v1' ? 'table' : undefined;
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return 'metadata';
    case 'APIGroupDiscoveryList':
      return offersDiscovery ? (parameters.get('v') === 'v2beta1' ? 'discovery-v2beta1' : 'discovery-v2') : undefined;
    default:
      return undefined;
  }
}
