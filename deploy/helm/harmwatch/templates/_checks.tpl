{{- /*
What the schema cannot refuse: values that would render, and then be refused by Kubernetes or make two parts disagree.
Where the chart needs a key for other objects than harmwatch.yaml, it is set in one place.
*/ -}}
{{- define "harmwatch.check" -}}
{{- range $section, $keys := .Values.config -}}
{{- if kindIs "invalid" $keys -}}
{{- fail (printf "config.%s is null: leave it out, or give it keys" $section) -}}
{{- end -}}
{{- end -}}
{{- range $section, $keys := dict
    "kafka" (dict "bootstrap_servers" "kafka.bootstrapServers" "group_id" "kafka.groupId")
    "topics" (dict "events" "kafka.topics" "panes" "kafka.panesTopic" "decisions" "kafka.decisionsTopic")
    "web" (dict "port" "service.port" "tls" "web.tlsSecretName" "tokens_file" "web.tokensSecretName")
    "ingest" (dict "port" "ingest.port" "spool_directory" "ingest.storage" "token_file" "ingest.tokenKey" "tls" "ingest.tlsSecretName") -}}
{{- if hasKey $.Values.config $section -}}
{{- $given := get $.Values.config $section -}}
{{- if not (kindIs "map" $given) -}}
{{- fail (printf "config.%s must be a mapping" $section) -}}
{{- end -}}
{{- range $key, $value := $keys -}}
{{- if hasKey $given $key -}}
{{- fail (printf "config.%s.%s would reach the worker alone: set %s, which other objects go by too" $section $key $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* What stands under `config` is read by whoever may read ConfigMaps, and kept in the release. No message shows a value. */ -}}
{{- range $section, $keys := dict
    "web" (list "token")
    "ingest" (list "token")
    "kafka" (list "sasl_password" "ssl_key_password" "oauth_client_secret")
    "evidence" (list "hash_key") -}}
{{- $given := get $.Values.config $section -}}
{{- if kindIs "map" $given -}}
{{- range $key := $keys -}}
{{- $value := get $given $key -}}
{{- if and $value (not (regexMatch "^[$][{][A-Za-z_][A-Za-z0-9_]*[}]$" (toString $value))) -}}
{{- fail (printf "config.%s.%s would stand in a ConfigMap: put it into the Secret that secret.name refers to, or write ${NAME} and set NAME in extraEnv" $section $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.secret.saslUsernameKey (not .Values.secret.saslPasswordKey) -}}
{{- fail "secret.saslUsernameKey is set without secret.saslPasswordKey: the worker would sign in nowhere; set both or neither" -}}
{{- end -}}
{{- with .Values.tls -}}
{{- if and .clientCertificate (not .secretName) -}}
{{- fail "tls.clientCertificate is set without tls.secretName: set the Secret that has tls.crt and tls.key" -}}
{{- end -}}
{{- end -}}
{{- $loopback := list "127.0.0.1" "localhost" "::1" -}}
{{- if has (dig "web" "host" "" .Values.config) $loopback -}}
{{- fail "config.web.host is loopback, where neither probes nor Prometheus reach the worker: leave it out" -}}
{{- end -}}
{{- if .Values.ingest.enabled -}}
{{- if has (dig "ingest" "host" "" .Values.config) $loopback -}}
{{- fail "config.ingest.host is loopback, where neither probes nor model servers reach the receiver: leave it out" -}}
{{- end -}}
{{- $number := regexFind "^[0-9.]+" .Values.ingest.storage -}}
{{- $unit := dict "K" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 | dig (trimPrefix $number .Values.ingest.storage) 1 -}}
{{- $spool := dig "ingest" "spool_max_bytes" 1073741824 .Values.config -}}
{{- if le (mulf $number $unit) (float64 $spool) -}}
{{- fail (printf "ingest.storage is %s, no more than config.ingest.spool_max_bytes, %.0f: the disk would be full before anybody is told that the spool fills; set a larger volume or a smaller spool" .Values.ingest.storage (float64 $spool)) -}}
{{- end -}}
{{- end -}}
{{- range (splitList "," .Values.kafka.bootstrapServers) -}}
{{- $port := regexFind "[0-9]+$" . | int -}}
{{- if or (lt $port 1) (gt $port 65535) -}}
{{- fail (printf "kafka.bootstrapServers: %d is no port" $port) -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas is %d, more than autoscaling.maxReplicas, %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.serviceMonitor -}}
{{- if .enabled -}}
{{- $interval := include "harmwatch.seconds" .interval | float64 -}}
{{- if gt (include "harmwatch.seconds" .scrapeTimeout | float64) $interval -}}
{{- fail (printf "serviceMonitor.scrapeTimeout is %s, more than serviceMonitor.interval, %s: Prometheus would take neither, and nobody scrape the workers" .scrapeTimeout .interval) -}}
{{- end -}}
{{- if and $.Values.prometheusRule.enabled (gt $interval 120.0) -}}
{{- fail (printf "serviceMonitor.interval is %s: every five minutes, over which rules count, have to hold two scrapes, or alerts of harm never fire; at most 2m" .interval) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $drain := dig "tap" "drain_seconds" 20 .Values.config -}}
{{- if le (float64 .Values.terminationGracePeriodSeconds) (float64 $drain) -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than config.tap.drain_seconds, %v: workers would be killed while they drain" $drain) -}}
{{- end -}}
{{- if and (eq (dig "worker" "processes" 1 .Values.config | toString) "auto") (not (dig "limits" "cpu" "" .Values.resources)) -}}
{{- fail "config.worker.processes: auto is one process for every core of the node without resources.limits.cpu: set that, or a number" -}}
{{- end -}}
{{- $selector := include "harmwatch.selector" . | fromYaml -}}
{{- range $label, $_ := .Values.podLabels -}}
{{- if hasKey $selector $label -}}
{{- fail (printf "podLabels cannot have %s: the Service and the workload select pods by it" $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Of a duration with one unit, as the schema has them. */ -}}
{{- define "harmwatch.seconds" -}}
{{- mulf (regexFind "^[0-9]+" .) (get (dict "ms" 0.001 "s" 1 "m" 60 "h" 3600) (regexFind "[a-z]+$" .)) -}}
{{- end -}}
