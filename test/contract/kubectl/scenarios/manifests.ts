// What the scenarios apply: one object of each kind that our users meet, all in the namespace of the scenario.

export const runtime = `
apiVersion: analytics.xtrinode.io/v1
kind: XTrinode
metadata: {name: sales, labels: {team: sales}, annotations: {note: first}}
spec: {size: s, maxWorkers: 3, routing: {header: sales}}
`;

export const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {team: sales}}
data: {color: red, lines: "one\\ntwo\\n"}
`;

export const secret = `
apiVersion: v1
kind: Secret
metadata: {name: password, labels: {team: sales}}
stringData: {password: hidden}
`;

export const service = `
apiVersion: v1
kind: Service
metadata: {name: front, labels: {team: sales}}
spec: {clusterIP: None, selector: {app: front}, ports: [{name: http, port: 80}]}
`;

/** Nobody runs what is bound to it, or writes its status. On a node that is not there a real cluster would soon delete the Pod. */
export const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'replay' } };

export const pod = `
apiVersion: v1
kind: Pod
metadata: {name: worker, labels: {team: sales}}
spec:
  nodeName: replay
  containers:
  - name: main
    image: example:1
    env: [{name: MODE, value: worker}]
    ports: [{containerPort: 8080}]
    resources: {limits: {cpu: 1, memory: 1024Mi}}
`;

export const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, labels: {team: sales}}
spec:
  replicas: 0
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: main, image: "example:1"}]}
`;

export const eventIn = (namespace: string): string => `
apiVersion: v1
kind: Event
metadata: {name: resumed}
involvedObject: {apiVersion: analytics.xtrinode.io/v1, kind: XTrinode, name: sales, namespace: ${namespace}}
reason: Resumed
message: a query asked for it
type: Normal
count: 1
source: {component: operator}
`;

export const all = [runtime, configMap, secret, service, pod, deployment].join('---');
