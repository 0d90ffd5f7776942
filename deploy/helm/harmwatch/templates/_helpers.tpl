{{- define "harmwatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /*
Names of all objects. A Service's has to be a DNS label that begins with a letter (RFC 1035), and a release's name may have dots.
At most 52 characters: a StatefulSet's controller adds a hash to it, in a label of 63.
*/ -}}
{{- define "harmwatch.fullname" -}}
{{- $name := include "harmwatch.name" . -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- if .Values.fullnameOverride -}}
{{- $full = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- $full = .Release.Name -}}
{{- end -}}
{{- $full = regexReplaceAll "-+$" ($full | replace "." "-" | trunc 52) "" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $full) -}}
{{- fail (printf "%s cannot be the name of a Service, which begins with a letter: set fullnameOverride" $full) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{- /* One of a cluster: what a release has for itself, where Kafka or Prometheus are shared. Neither part has a dot. */ -}}
{{- define "harmwatch.groupId" -}}
{{- default (printf "%s.%s" .Release.Namespace (include "harmwatch.fullname" .)) .Values.kafka.groupId -}}
{{- end -}}

{{- define "harmwatch.panesTopic" -}}
{{- default (printf "harm.panes.%s.%s" .Release.Namespace (include "harmwatch.fullname" .)) .Values.kafka.panesTopic -}}
{{- end -}}

{{- define "harmwatch.decisionsTopic" -}}
{{- default (printf "harm.decisions.%s.%s" .Release.Namespace (include "harmwatch.fullname" .)) .Values.kafka.decisionsTopic -}}
{{- end -}}

{{- /*
Labels of this release's figures, as the rules look for budgets by them: the job that was given, or what the ServiceMonitor gives, the Service's
name and its namespace. None where somebody else scrapes and has not said as which job.
*/ -}}
{{- define "harmwatch.scraped" -}}
{{- if .Values.prometheusRule.job -}}
, job: {{ .Values.prometheusRule.job | quote }}
{{- else if .Values.serviceMonitor.enabled -}}
, job: {{ include "harmwatch.fullname" . | quote }}, namespace: {{ .Release.Namespace | quote }}
{{- end -}}
{{- end -}}

{{- define "harmwatch.selector" -}}
app.kubernetes.io/name: {{ include "harmwatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "harmwatch.labels" -}}
{{ include "harmwatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Ours, and `more` in front of them: each key once. */ -}}
{{- define "harmwatch.labelled" -}}
{{- mustMergeOverwrite (include "harmwatch.labels" .root | fromYaml) (deepCopy (default (dict) .more)) | toYaml -}}
{{- end -}}

{{- define "harmwatch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "harmwatch.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "harmwatch.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- $tag := default (printf "%s%s" .Chart.AppVersion (ternary "-cuda" "" .Values.gpu.enabled)) .Values.image.tag -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{- /* harmwatch.yaml: what the chart knows, then the profile, then `config`; the later goes before the earlier. */ -}}
{{- define "harmwatch.config" -}}
{{- include "harmwatch.check" . -}}
{{- $kafka := dict "bootstrap_servers" .Values.kafka.bootstrapServers "group_id" (include "harmwatch.groupId" .) -}}
{{- with .Values.tls -}}
{{- if .secretName -}}
{{- $_ := set $kafka "security_protocol" "SSL" -}}
{{- $_ := set $kafka "ssl_ca_file" "/etc/harmwatch-tls/ca.crt" -}}
{{- if .clientCertificate -}}
{{- $_ := set $kafka "ssl_cert_file" "/etc/harmwatch-tls/tls.crt" -}}
{{- $_ := set $kafka "ssl_key_file" "/etc/harmwatch-tls/tls.key" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.secret.saslPasswordKey -}}
{{- $_ := set $kafka "security_protocol" "SASL_SSL" -}}
{{- $_ := set $kafka "sasl_mechanism" "SCRAM-SHA-512" -}}
{{- $_ := set $kafka "sasl_username" "${HARMWATCH_SASL_USERNAME}" -}}
{{- $_ := set $kafka "sasl_password" "${HARMWATCH_SASL_PASSWORD}" -}}
{{- end -}}
{{- $web := dict "host" "0.0.0.0" "port" .Values.service.port "token" "${HARMWATCH_TOKEN}" -}}
{{- with .Values.web.tlsSecretName -}}
{{- $_ := set $web "tls" (dict "cert_file" "/etc/harmwatch-web-tls/tls.crt" "key_file" "/etc/harmwatch-web-tls/tls.key") -}}
{{- end -}}
{{- if .Values.web.tokensSecretName -}}
{{- $_ := set $web "tokens_file" "/etc/harmwatch-tokens/tokens.yaml" -}}
{{- end -}}
{{- $topics := dict "events" .Values.kafka.topics "panes" (include "harmwatch.panesTopic" .) -}}
{{- $_ := set $topics "decisions" (include "harmwatch.decisionsTopic" .) -}}
{{- $config := dict "kafka" $kafka "topics" $topics "web" $web -}}
{{- if .Values.secret.hashKeyKey -}}
{{- $_ := set $config "evidence" (dict "hash_key" "${HARMWATCH_HASH_KEY}") -}}
{{- end -}}
{{- if .Values.ingest.enabled -}}
{{- $ingest := dict "host" "0.0.0.0" "port" .Values.ingest.port "token_file" "/etc/harmwatch-ingest/token" -}}
{{- if .Values.ingest.tlsSecretName -}}
{{- $_ := set $ingest "tls" (dict "cert_file" "/etc/harmwatch-ingest-tls/tls.crt" "key_file" "/etc/harmwatch-ingest-tls/tls.key") -}}
{{- end -}}
{{- $_ := set $config "ingest" (set $ingest "spool_directory" "/var/lib/harmwatch/ingest") -}}
{{- end -}}
{{- $profile := dict -}}
{{- if .Values.profile -}}
{{- $profile = .Files.Get (printf "profiles/%s.yaml" .Values.profile) | fromYaml -}}
{{- end -}}
{{- mustMergeOverwrite $config $profile (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{- /* What ${...} in harmwatch.yaml stands for: of every process that reads it. */ -}}
{{- define "harmwatch.env" -}}
{{- range $variable, $key := dict
    "HARMWATCH_TOKEN" .Values.secret.tokenKey
    "HARMWATCH_HASH_KEY" .Values.secret.hashKeyKey
    "HARMWATCH_SASL_USERNAME" .Values.secret.saslUsernameKey
    "HARMWATCH_SASL_PASSWORD" .Values.secret.saslPasswordKey }}
{{- if $key }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.secret.name | quote }}, key: {{ $key | quote }}}}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Where a pod may go: brokers and names. */ -}}
{{- define "harmwatch.egress" -}}
{{- $ports := default (list) .Values.networkPolicy.kafkaPorts -}}
{{- range (splitList "," .Values.kafka.bootstrapServers) -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
- ports:
    {{- range uniq $ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.kafkaTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{- /*
Extra volumes in which files of Kafka's settings are (`oauth_token_file`, `sasl_password_file`): the receiver reads the same settings. Others are
the worker's alone: models on a volume that one node may have would keep the receiver from starting.
*/ -}}
{{- define "harmwatch.kafkaFiles" -}}
{{- $mounts := list -}}
{{- $names := list -}}
{{- range $mount := .root.Values.extraVolumeMounts -}}
{{- $folder := printf "%s/" (trimSuffix "/" (toString $mount.mountPath)) -}}
{{- $needed := false -}}
{{- range $key, $file := $.kafka -}}
{{- if and (hasSuffix "_file" $key) (hasPrefix $folder (printf "%v/" $file)) -}}
{{- $needed = true -}}
{{- end -}}
{{- end -}}
{{- if $needed -}}
{{- $mounts = append $mounts $mount -}}
{{- $names = append $names $mount.name -}}
{{- end -}}
{{- end -}}
{{- $volumes := list -}}
{{- range $volume := .root.Values.extraVolumes -}}
{{- if has $volume.name $names -}}
{{- $volumes = append $volumes $volume -}}
{{- end -}}
{{- end -}}
{{- dict "mounts" $mounts "volumes" $volumes | toYaml -}}
{{- end -}}

{{- /* Of a probe, by whether the port has a Secret with a certificate: the kubelet verifies none, and brings none. */ -}}
{{- define "harmwatch.probeScheme" -}}
{{- if . }}, scheme: HTTPS{{ end -}}
{{- end -}}

{{- /* Of a ServiceMonitor's endpoint: `secret`, the port's certificate, and `root`. */ -}}
{{- define "harmwatch.scrapeTls" -}}
{{- if .secret }}
scheme: https
{{- with .root.Values.serviceMonitor.tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The pod of both kinds of workload. */ -}}
{{- define "harmwatch.pod" -}}
metadata:
  labels:
    {{- include "harmwatch.labelled" (dict "root" . "more" .Values.podLabels) | nindent 4 }}
  annotations:
    {{- $annotations := dict "kubectl.kubernetes.io/default-container" "harmwatch" }}
    {{- if .Values.rollOnConfigChange }}
    {{- $_ := set $annotations "checksum/config" (include "harmwatch.config" . | sha256sum) }}
    {{- end }}
    {{- mustMergeOverwrite $annotations (deepCopy (default (dict) .Values.podAnnotations)) | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "harmwatch.serviceAccountName" . }}
  automountServiceAccountToken: false    # it never asks the cluster for anything
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- if and .Values.gpu.enabled .Values.gpu.runtimeClassName }}
  runtimeClassName: {{ .Values.gpu.runtimeClassName | quote }}
  {{- end }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: harmwatch
      image: {{ include "harmwatch.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [run, --config, /etc/harmwatch/harmwatch.yaml]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      ports:
        - {name: http, containerPort: {{ .Values.service.port }}, protocol: TCP}
      env:
        {{- include "harmwatch.env" . | nindent 8 }}
      {{- /* Not /healthz, which fails when no broker answers: a restart would bring none back. */}}
      {{- with .Values.probes.startup }}
      startupProbe:
        httpGet: {path: /livez, port: http{{ include "harmwatch.probeScheme" $.Values.web.tlsSecretName }}}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.probes.liveness }}
      livenessProbe:
        httpGet: {path: /livez, port: http{{ include "harmwatch.probeScheme" $.Values.web.tlsSecretName }}}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.probes.readiness }}
      readinessProbe:
        httpGet: {path: /readyz, port: http{{ include "harmwatch.probeScheme" $.Values.web.tlsSecretName }}}
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- $resources := deepCopy (default (dict) .Values.resources) }}
        {{- if .Values.gpu.enabled }}
        {{- $limits := merge (dict .Values.gpu.resourceName .Values.gpu.count) (default (dict) $resources.limits) }}
        {{- $_ := set $resources "limits" $limits }}
        {{- end }}
        {{- toYaml $resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/harmwatch, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- if .Values.tls.secretName }}
        - {name: tls, mountPath: /etc/harmwatch-tls, readOnly: true}
        {{- end }}
        {{- /* Whole folders: a file that is mounted by subPath would never change. */}}
        {{- if .Values.web.tlsSecretName }}
        - {name: web-tls, mountPath: /etc/harmwatch-web-tls, readOnly: true}
        {{- end }}
        {{- if .Values.web.tokensSecretName }}
        - {name: tokens, mountPath: /etc/harmwatch-tokens, readOnly: true}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ include "harmwatch.fullname" . }}}
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
    {{- if .Values.tls.secretName }}
    - name: tls
      secret: {secretName: {{ .Values.tls.secretName | quote }}, defaultMode: 0440}
    {{- end }}
    {{- with .Values.web.tlsSecretName }}
    - name: web-tls
      secret: {secretName: {{ . | quote }}, defaultMode: 0440}
    {{- end }}
    {{- with .Values.web.tokensSecretName }}
    - name: tokens
      secret:
        secretName: {{ . | quote }}
        defaultMode: 0440
        items: [{key: {{ $.Values.web.tokensKey | quote }}, path: tokens.yaml}]
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
