// Every setting of every role, as data: the one table that flags, environment variables, files, --help and
// docs/configuration.md come from. Pure.
import {
  bytes,
  choice,
  count,
  cpu,
  duration,
  listenAddress,
  networks,
  onOff,
  optional,
  path,
  rate,
  required,
  servicePort,
  setting,
  text,
  texts,
  trustworthyUrl,
  url,
  urls,
} from './setting.ts';
import type { ConfigOf, Settings } from './setting.ts';

const logSettings = {
  logLevel: setting(choice('debug', 'info', 'warn', 'error'), 'least important line of the log that is written', 'info'),
  logFormat: setting(choice('json', 'text'), 'json: one object per line; text: for the eye. The log goes to standard error', 'json'),
} satisfies Settings;

const clusterSettings = {
  kubeconfig: optional(path, 'kubeconfig file (default: as kubectl: KUBECONFIG, ~/.kube/config, the service account of the Pod)'),
  context: optional(text, 'context of the kubeconfig (default: its current one)'),
  ...logSettings,
  stopWithin: setting(duration, 'after SIGTERM, longest time until the process has ended', 20_000),
} satisfies Settings;

/** A free port: several may run on one machine. In a cluster the address is set. */
const healthListen = setting(listenAddress, 'where /livez, /readyz and /metrics are served', { host: '127.0.0.1', port: 0 });

export const operatorSettings = {
  ...clusterSettings,
  healthListen,
  leaderElect: setting(onOff, 'only one of several operators works at a time; off only where there can be no second one', true),
  leaseDuration: setting(duration, 'another operator takes over when the leader has not been heard of for this long', 15_000),
  renewDeadline: setting(duration, 'a leader that could not renew its Lease for this long stops working', 10_000),
  retryPeriod: setting(duration, 'how often the Lease is renewed, or looked at', 2_000),
  stuckAfter: setting(duration, 'a runtime in work for longer than this makes the operator not ready', 120_000),
  // Passes wait for the API server and for coordinators far more than they work: a dozen slow ones must not stop the rest.
  concurrency: setting(count, 'runtimes in work at the same time', 32),
  webhooks: setting(onOff, 'let the API server ask about every change of a runtime or catalog; needs a way for it to get here', true),
  webhookListen: setting(listenAddress, 'where the webhooks are served, with TLS', { host: '127.0.0.1', port: 0 }),
  webhookService: optional(servicePort, 'Service by which the API server reaches them'),
  webhookUrl: optional(url, 'or the URL (default: the address they listen on, where the API server is on this machine)'),
} satisfies Settings;

export const apiServerSettings = {
  ...clusterSettings,
  listen: setting(listenAddress, 'where the API is served', { host: '127.0.0.1', port: 8081 }),
} satisfies Settings;

export const gatewaySettings = {
  ...clusterSettings,
  listen: setting(listenAddress, 'where Trino clients connect', { host: '127.0.0.1', port: 8080 }),
  tlsCert: optional(path, 'certificate with its chain in PEM, for clients that come with https; read again when it changes'),
  tlsKey: optional(path, 'its private key in PEM'),
  clientCa: optional(path, 'clients may show a certificate of these authorities, in PEM; read again when it changes'),
  clientCert: setting(choice('optional', 'required'), 'whether they have to: then nobody connects without', 'optional'),
  clientCertUser: setting(
    choice('cn', 'uri', 'email', 'dns'),
    'what of it becomes X-Trino-User: the subject CN, or the one subjectAltName of that kind',
    'cn',
  ),
  coordinatorCa: optional(
    path,
    'authorities of coordinators that are reached by https, in PEM; read again when it changes (default: those that Node knows, and NODE_EXTRA_CA_CERTS)',
  ),
  apiServer: optional(urls, 'API servers to ask for a wake; the next one is asked when one does not answer'),
  healthListen: setting(listenAddress, 'where /livez, /readyz, /status and /metrics are served', { host: '127.0.0.1', port: 0 }),
  routes: optional(
    path,
    "instead of a cluster: list of route entries in YAML or JSON, or the Go reference's routes.yaml; read again when it changes",
  ),
  replicas: setting(count, 'with --routes: how many gateways serve these routes; each lets its part of maxRunning run, one at least', 1),
  sealKeysFile: optional(
    path,
    'with --routes and several gateways: file of keys that all of them have, 32 random bytes in base64 a line, newest first; then any of them goes on with a statement that waits at another',
  ),
  apiKeysFile: optional(path, 'clients need an API key: file of lines `id: "sha256:HEX,..."`, read again when it changes'),
  apiKeysSecret: setting(onOff, "the same from key api-keys of the Secret trino-gateway-api-keys in the gateway's namespace", false),
  jwtIssuer: optional(trustworthyUrl, 'clients need a bearer token of this OIDC issuer, exactly as its iss claim says it'),
  jwtAudience: optional(texts, 'who its tokens must be for: one of these in the aud claim'),
  jwtKeysUrl: optional(trustworthyUrl, 'its key set, JWKS (default: as its discovery document says)'),
  jwtUserClaim: setting(text, 'claim that becomes X-Trino-User', 'sub'),
  jwtGroupsClaim: setting(text, 'claim that lists the groups of the user', 'groups'),
  jwtForward: setting(onOff, 'give the token on to coordinators, which verify it themselves', false),
  loginClientId: optional(
    text,
    'let people log in at --jwt-issuer with a browser (CLI --external-authentication), as this client of it; no runtime wakes for it',
  ),
  loginClientSecretFile: optional(
    path,
    'file with the secret of that client, read again when it changes (default: none, as a public client)',
  ),
  loginScopes: setting(texts, 'scopes to ask the issuer for; openid is one of them', ['openid']),
  loginAddress: optional(
    trustworthyUrl,
    'where browsers come to log in: the gateway by one host name, whose /oauth2/callback the issuer knows (default: the one by which the client came)',
  ),
  impersonators: optional(texts, 'identities that may send another X-Trino-User than their own'),
  access: optional(path, 'who may use which runtimes: file of rules, read again when it changes (default: everybody all)'),
  ratePerUser: optional(rate, 'new statements of one user: so many at once, and as many again in each such time'),
  ratePerAddress: optional(rate, 'the same of one client address: the one that connects, or what a trusted proxy says'),
  ratePerRuntime: optional(rate, 'the same for one runtime. Each gateway counts for itself'),
  trustedProxies: optional(
    networks,
    'proxies in front of the gateway: what they say of the client (X-Forwarded-For, -Proto, -Host, -Port) is believed',
  ),
  maxWaiting: setting(
    count,
    'statements that may wait for one runtime at this gateway; more are refused. Beyond some thousands those of other runtimes feel them',
    5_000,
  ),
  accessLog: setting(choice('off', 'statements', 'all'), 'a JSON line on standard output per new statement, or per request', 'off'),
  startTraces: setting(onOff, 'give a statement without W3C trace context (traceparent) one of its own', false),
  openUi: setting(onOff, "where the gateway authenticates: leave /ui to Trino's own login", false),
  // Kubernetes kills after 30 s.
  stopWithin: setting(duration, 'after SIGTERM, longest time until the process has ended; running answers get 5 s less', 29_000),
} satisfies Settings;

export const nodeSettings = {
  ...clusterSettings,
  name: required(text, 'name of the Node object; one process node per name'),
  stateDir: optional(path, 'files and logs of its Pods (default: ~/.xtrinode/nodes/<name>)'),
  trinoHome: optional(path, 'an unpacked Trino distribution to use instead of fetching one (default: TRINO_HOME)'),
  offline: setting(onOff, 'fetch nothing; use what is installed', false),
  cpu: optional(cpu, 'processors the Node offers (default: at least 64; nothing is enforced)'),
  memory: optional(bytes, 'memory the Node offers (default: at least 256Gi; nothing is enforced)'),
} satisfies Settings;

export type OperatorConfig = ConfigOf<typeof operatorSettings>;
export type ApiServerConfig = ConfigOf<typeof apiServerSettings>;
export type GatewayConfig = ConfigOf<typeof gatewaySettings>;
export type NodeConfig = ConfigOf<typeof nodeSettings>;

/** What no single setting can say; undefined when all is well. */
export function findOperatorProblem({ leaseDuration, renewDeadline, retryPeriod }: OperatorConfig): string | undefined {
  if (renewDeadline >= leaseDuration)
    return '--renew-deadline must be shorter than --lease-duration: a leader stops before another one begins';
  return renewDeadline < 2 * retryPeriod
    ? '--renew-deadline must be twice --retry-period or longer, so that one failure costs nothing'
    : undefined;
}

/** The same of the gateway. */
export function findGatewayProblem(config: GatewayConfig): string | undefined {
  return findSourceProblem(config) ?? findAdmitProblem(config) ?? findLoginProblem(config);
}

function findLoginProblem(config: GatewayConfig): string | undefined {
  const { jwtIssuer, loginClientId, loginClientSecretFile, loginScopes, loginAddress } = config;
  if (loginClientId === undefined)
    return loginClientSecretFile === undefined && loginAddress === undefined
      ? undefined
      : '--login-client-secret-file and --login-address go with --login-client-id';
  if (jwtIssuer === undefined)
    return '--login-client-id needs --jwt-issuer, where people log in, and --jwt-audience, for whom its tokens are';
  if (!loginScopes.includes('openid'))
    return `--login-scopes ${loginScopes.join(',')} must have openid too: without it the issuer gives no identity token, and no login can be told from another`;
  if (loginAddress !== undefined && new URL(loginAddress).origin !== loginAddress)
    return `--login-address ${loginAddress} must be a scheme and a host name alone: try ${new URL(loginAddress).origin}`;
  return undefined;
}

function findAdmitProblem(config: GatewayConfig): string | undefined {
  const { routes, apiKeysFile, apiKeysSecret, jwtIssuer, jwtAudience, jwtKeysUrl, impersonators, access, clientCa, tlsCert } = config;
  if (clientCa !== undefined && tlsCert === undefined)
    return '--client-ca needs --tls-cert and --tls-key: certificates are shown in the handshake of TLS, which must end here';
  if (apiKeysSecret && apiKeysFile !== undefined) return 'API keys come from --api-keys-file or from --api-keys-secret, not from both';
  if (apiKeysSecret && routes !== undefined) return '--api-keys-secret needs a cluster: with --routes give --api-keys-file';
  if (jwtIssuer !== undefined && jwtAudience === undefined)
    return '--jwt-issuer needs --jwt-audience: else a token for any other service of the issuer would do';
  if (jwtIssuer === undefined && (jwtAudience !== undefined || jwtKeysUrl !== undefined))
    return '--jwt-audience and --jwt-keys-url go with --jwt-issuer';
  const authenticates = apiKeysSecret || [apiKeysFile, jwtIssuer, clientCa].some((one) => one !== undefined);
  if (authenticates || (impersonators === undefined && access === undefined)) return undefined;
  return `${access === undefined ? '--impersonators' : '--access'} is for a gateway that authenticates: give API keys, --jwt-issuer or --client-ca too`;
}

function findSourceProblem({ routes, apiServer, kubeconfig, context, sealKeysFile }: GatewayConfig): string | undefined {
  if (routes === undefined && sealKeysFile !== undefined)
    return '--seal-keys-file goes with --routes: in a cluster the operator makes the keys';
  if (routes === undefined)
    return apiServer === undefined ? '--api-server is needed, or --routes for a gateway without a cluster' : undefined;
  const isBoth = apiServer !== undefined || kubeconfig !== undefined || context !== undefined;
  return isBoth ? '--routes is for a gateway without a cluster: it goes with neither --api-server nor --kubeconfig' : undefined;
}

export const roleSettings: Readonly<Record<string, Settings>> = {
  operator: operatorSettings,
  'api-server': apiServerSettings,
  gateway: gatewaySettings,
  node: nodeSettings,
};
