# Completion of celery in bash, generated from the command table.
# Do not edit: change the table and generate this file again.

# Goes from the command $command into the one that the word $1 names; fails if there is none.
_celery_enter() {
    case "$command:$1" in
        ':celeryd' | ':worker') command='celeryd' ;;
        ':beat') command='beat' ;;
        ':apply') command='apply' ;;
        ':run') command='run' ;;
        ':status') command='status' ;;
        ':result') command='result' ;;
        ':list' | ':ls') command='list' ;;
        ':retry') command='retry' ;;
        ':logs') command='logs' ;;
        ':taskset') command='taskset' ;;
        ':explain') command='explain' ;;
        ':revoke') command='revoke' ;;
        ':dmap') command='dmap' ;;
        ':inspect') command='inspect' ;;
        ':control') command='control' ;;
        ':events') command='events' ;;
        ':stats') command='stats' ;;
        ':doctor') command='doctor' ;;
        ':web') command='web' ;;
        ':broker') command='broker' ;;
        ':tasks') command='tasks' ;;
        ':queues') command='queues' ;;
        ':purge') command='purge' ;;
        ':dead') command='dead' ;;
        ':syncdb') command='syncdb' ;;
        ':rabbit-setup') command='rabbit-setup' ;;
        ':startproject') command='startproject' ;;
        ':self') command='self' ;;
        ':completion') command='completion' ;;
        ':help') command='help' ;;
        ':version') command='version' ;;
        'beat:next') command='beat next' ;;
        'beat:list') command='beat list' ;;
        'beat:status') command='beat status' ;;
        'beat:run') command='beat run' ;;
        'beat:pause') command='beat pause' ;;
        'beat:resume') command='beat resume' ;;
        'beat:backfill') command='beat backfill' ;;
        'beat:import-crontab') command='beat import-crontab' ;;
        'queues:pause') command='queues pause' ;;
        'queues:resume') command='queues resume' ;;
        'dead:list') command='dead list' ;;
        'dead:show') command='dead show' ;;
        'dead:replay') command='dead replay' ;;
        'dead:drop') command='dead drop' ;;
        'self:progress') command='self progress' ;;
        'self:retry') command='self retry' ;;
        'self:fail') command='self fail' ;;
        'self:meta') command='self meta' ;;
        *) return 1 ;;
    esac
}

# Sets kind to what the value of the option $1 is; to nothing if the option takes none.
_celery_option() {
    kind=
    case "$command:$1" in
        'celeryd:-c' | 'celeryd:--concurrency') kind=none ;;
        'celeryd:-n' | 'celeryd:--hostname') kind=none ;;
        'celeryd:-Q' | 'celeryd:--queues') kind=queues ;;
        'celeryd:-l' | 'celeryd:--loglevel') kind='=DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' ;;
        'celeryd:-f' | 'celeryd:--logfile') kind=file ;;
        'celeryd:-p' | 'celeryd:--pidfile') kind=file ;;
        'celeryd:--time-limit') kind=none ;;
        'celeryd:--soft-time-limit') kind=none ;;
        'celeryd:--task-max-memory') kind=none ;;
        'celeryd:--shutdown-timeout') kind=none ;;
        'celeryd:--max-tasks-per-child') kind=none ;;
        'celeryd:--max-memory-per-child') kind=none ;;
        'celeryd:--prefetch') kind=none ;;
        'celeryd:--autoscale') kind=none ;;
        'celeryd:--max-tasks') kind=none ;;
        'celeryd:-u' | 'celeryd:--uid') kind=none ;;
        'celeryd:-g' | 'celeryd:--gid') kind=none ;;
        'celeryd:--umask') kind=none ;;
        'celeryd:--chroot') kind=directory ;;
        'beat:-l' | 'beat:--loglevel') kind='=DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' ;;
        'beat:-f' | 'beat:--logfile') kind=file ;;
        'beat:-p' | 'beat:--pidfile') kind=file ;;
        'beat:--max-interval') kind=none ;;
        'beat:-u' | 'beat:--uid') kind=none ;;
        'beat:-g' | 'beat:--gid') kind=none ;;
        'beat:--umask') kind=none ;;
        'beat:--chroot') kind=directory ;;
        'beat next:-n' | 'beat next:--number') kind=none ;;
        'beat run:-t' | 'beat run:--timeout') kind=none ;;
        'beat pause:--reason') kind=none ;;
        'beat pause:--until') kind=none ;;
        'beat pause:--for') kind=none ;;
        'beat import-crontab:--app') kind=none ;;
        'apply:--args') kind=none ;;
        'apply:--kwargs') kind=none ;;
        'apply:--task-id') kind=none ;;
        'apply:--max-retries') kind=none ;;
        'apply:--retry-delay') kind=none ;;
        'apply:--autoretry') kind=none ;;
        'apply:--retry-backoff') kind=none ;;
        'apply:--retry-backoff-max') kind=none ;;
        'apply:--retry-jitter') kind='=full none' ;;
        'apply:--retry-until') kind=none ;;
        'apply:--max-memory') kind=none ;;
        'apply:--time-limit') kind=none ;;
        'apply:--soft-time-limit') kind=none ;;
        'apply:-Q' | 'apply:--queue') kind=queues ;;
        'apply:--priority') kind=none ;;
        'apply:--nice') kind=none ;;
        'apply:--concurrency-key') kind=none ;;
        'apply:--countdown') kind=none ;;
        'apply:--eta') kind=none ;;
        'apply:--expires') kind=none ;;
        'apply:--exchange') kind=none ;;
        'apply:--routing-key') kind=none ;;
        'apply:--callback') kind=none ;;
        'apply:--header') kind=none ;;
        'apply:--link') kind=tasks ;;
        'apply:--link-error') kind=tasks ;;
        'apply:-t' | 'apply:--timeout') kind=none ;;
        'apply:--batch') kind=file ;;
        'apply:--key') kind=none ;;
        'apply:--key-ttl') kind=none ;;
        'run:--after') kind=ids ;;
        'run:--env') kind=none ;;
        'run:--task-id') kind=none ;;
        'run:--max-retries') kind=none ;;
        'run:--retry-delay') kind=none ;;
        'run:--autoretry') kind=none ;;
        'run:--retry-backoff') kind=none ;;
        'run:--retry-backoff-max') kind=none ;;
        'run:--retry-jitter') kind='=full none' ;;
        'run:--retry-until') kind=none ;;
        'run:--max-memory') kind=none ;;
        'run:--time-limit') kind=none ;;
        'run:--soft-time-limit') kind=none ;;
        'run:-Q' | 'run:--queue') kind=queues ;;
        'run:--priority') kind=none ;;
        'run:--nice') kind=none ;;
        'run:--concurrency-key') kind=none ;;
        'run:--countdown') kind=none ;;
        'run:--eta') kind=none ;;
        'run:--expires') kind=none ;;
        'run:--exchange') kind=none ;;
        'run:--routing-key') kind=none ;;
        'run:--callback') kind=none ;;
        'run:--header') kind=none ;;
        'run:--link') kind=tasks ;;
        'run:--link-error') kind=tasks ;;
        'run:-t' | 'run:--timeout') kind=none ;;
        'run:--key') kind=none ;;
        'run:--key-ttl') kind=none ;;
        'status:-t' | 'status:--timeout') kind=none ;;
        'result:-t' | 'result:--timeout') kind=none ;;
        'list:--state') kind='=QUEUED SCHEDULED STARTED RETRY SUCCESS FAILURE REVOKED' ;;
        'list:--task') kind=tasks ;;
        'list:-Q' | 'list:--queue') kind=queues ;;
        'list:--since') kind=none ;;
        'list:--until') kind=none ;;
        'list:--grep') kind=none ;;
        'list:-n' | 'list:--limit') kind=none ;;
        'retry:--state') kind='=QUEUED SCHEDULED STARTED RETRY SUCCESS FAILURE REVOKED' ;;
        'retry:--task') kind=tasks ;;
        'retry:-Q' | 'retry:--queue') kind=queues ;;
        'retry:--since') kind=none ;;
        'retry:--until') kind=none ;;
        'retry:--grep') kind=none ;;
        'retry:--rate') kind=none ;;
        'logs:--attempt') kind=none ;;
        'taskset:-t' | 'taskset:--timeout') kind=none ;;
        'taskset:-n' | 'taskset:--limit') kind=none ;;
        'revoke:--task') kind=none ;;
        'revoke:--header') kind=none ;;
        'revoke:-s' | 'revoke:--signal') kind=none ;;
        'revoke:-t' | 'revoke:--timeout') kind=none ;;
        'revoke:--ttl') kind=none ;;
        'dmap:--chunk') kind=none ;;
        'dmap:--in-flight') kind=none ;;
        'dmap:--delay') kind=none ;;
        'dmap:-o' | 'dmap:--output') kind=file ;;
        'dmap:-j' | 'dmap:--jobs') kind=none ;;
        'dmap:--joblog') kind=file ;;
        'dmap:--halt') kind=none ;;
        'dmap:-t' | 'dmap:--timeout') kind=none ;;
        'dmap:--max-retries') kind=none ;;
        'dmap:--retry-delay') kind=none ;;
        'dmap:--autoretry') kind=none ;;
        'dmap:--retry-backoff') kind=none ;;
        'dmap:--retry-backoff-max') kind=none ;;
        'dmap:--retry-jitter') kind='=full none' ;;
        'dmap:--retry-until') kind=none ;;
        'dmap:--max-memory') kind=none ;;
        'dmap:--time-limit') kind=none ;;
        'dmap:--soft-time-limit') kind=none ;;
        'dmap:-Q' | 'dmap:--queue') kind=queues ;;
        'dmap:--priority') kind=none ;;
        'dmap:--nice') kind=none ;;
        'dmap:--concurrency-key') kind=none ;;
        'dmap:--countdown') kind=none ;;
        'dmap:--eta') kind=none ;;
        'dmap:--expires') kind=none ;;
        'dmap:--exchange') kind=none ;;
        'dmap:--routing-key') kind=none ;;
        'dmap:--callback') kind=none ;;
        'dmap:--header') kind=none ;;
        'inspect:-d' | 'inspect:--destination') kind=workers ;;
        'inspect:--pattern') kind=none ;;
        'inspect:--matcher') kind='=glob pcre' ;;
        'inspect:-t' | 'inspect:--timeout') kind=none ;;
        'control:-d' | 'control:--destination') kind=workers ;;
        'control:--pattern') kind=none ;;
        'control:--matcher') kind='=glob pcre' ;;
        'control:-t' | 'control:--timeout') kind=none ;;
        'events:--after') kind=none ;;
        'events:--since') kind=none ;;
        'events:--type') kind='=task worker task-sent task-received task-started task-succeeded task-failed task-retried task-revoked task-rejected task-cancelled worker-online worker-heartbeat worker-offline worker-elect worker-elect-ack' ;;
        'events:--task') kind=tasks ;;
        'events:--id') kind=ids ;;
        'stats:--since') kind=none ;;
        'stats:--task') kind=tasks ;;
        'doctor:--worker') kind=workers ;;
        'doctor:-t' | 'doctor:--timeout') kind=none ;;
        'web:--bind') kind=none ;;
        'web:--auth') kind=file ;;
        'web:--apply') kind=tasks ;;
        'web:-l' | 'web:--loglevel') kind='=DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' ;;
        'web:-f' | 'web:--logfile') kind=file ;;
        'web:-p' | 'web:--pidfile') kind=file ;;
        'web:-u' | 'web:--uid') kind=none ;;
        'web:-g' | 'web:--gid') kind=none ;;
        'web:--umask') kind=none ;;
        'web:--chroot') kind=directory ;;
        'broker:--bind') kind=none ;;
        'broker:--allow') kind=file ;;
        'broker:-l' | 'broker:--loglevel') kind='=DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' ;;
        'broker:-f' | 'broker:--logfile') kind=file ;;
        'broker:-p' | 'broker:--pidfile') kind=file ;;
        'broker:-u' | 'broker:--uid') kind=none ;;
        'broker:-g' | 'broker:--gid') kind=none ;;
        'broker:--umask') kind=none ;;
        'broker:--chroot') kind=directory ;;
        'queues pause:--reason') kind=none ;;
        'queues pause:--until') kind=none ;;
        'queues pause:--for') kind=none ;;
        'purge:-Q' | 'purge:--queues') kind=queues ;;
        'dead list:--task') kind=tasks ;;
        'dead list:-Q' | 'dead list:--queue') kind=queues ;;
        'dead list:--reason') kind=none ;;
        'dead list:--since') kind=none ;;
        'dead list:--until') kind=none ;;
        'dead list:-n' | 'dead list:--limit') kind=none ;;
        'dead replay:--task') kind=tasks ;;
        'dead replay:-Q' | 'dead replay:--queue') kind=queues ;;
        'dead replay:--reason') kind=none ;;
        'dead replay:--since') kind=none ;;
        'dead replay:--until') kind=none ;;
        'dead replay:-n' | 'dead replay:--limit') kind=none ;;
        'dead replay:--to') kind=queues ;;
        'dead replay:--rate') kind=none ;;
        'dead drop:--task') kind=tasks ;;
        'dead drop:-Q' | 'dead drop:--queue') kind=queues ;;
        'dead drop:--reason') kind=none ;;
        'dead drop:--since') kind=none ;;
        'dead drop:--until') kind=none ;;
        'dead drop:-n' | 'dead drop:--limit') kind=none ;;
        'rabbit-setup:--user') kind=none ;;
        'rabbit-setup:--password') kind=none ;;
        'rabbit-setup:--password-file') kind=file ;;
        'rabbit-setup:--vhost') kind=none ;;
        'rabbit-setup:-Q' | 'rabbit-setup:--queues') kind=queues ;;
        'rabbit-setup:--rabbitmqctl') kind=file ;;
        'rabbit-setup:--api') kind=none ;;
        'rabbit-setup:--admin-user') kind=none ;;
        'rabbit-setup:--admin-password-file') kind=file ;;
        'rabbit-setup:--api-ca') kind=file ;;
        'self retry:--in') kind=none ;;
        *:--settings) kind=file ;;
        *:-b | *:--broker) kind=none ;;
        *:--result-backend) kind=none ;;
        *:--workdir) kind=directory ;;
        *) ;;
    esac
}

# Sets kind to what the operand at position $1 is.
_celery_operand() {
    kind=none
    case "$command:$1" in
        'beat next:'*) kind=entries ;;
        'beat status:'*) kind=entries ;;
        'beat run:'0) kind=entries ;;
        'beat pause:'*) kind=entries ;;
        'beat resume:'*) kind=entries ;;
        'beat backfill:'0) kind=entries ;;
        'beat backfill:'1) kind=none ;;
        'beat backfill:'2) kind=none ;;
        'beat import-crontab:'0) kind=file ;;
        'apply:'0) kind=tasks ;;
        'apply:'*) kind=file ;;
        'run:'0) kind=file ;;
        'run:'*) kind=file ;;
        'status:'*) kind=ids ;;
        'result:'*) kind=ids ;;
        'retry:'*) kind=ids ;;
        'logs:'0) kind=ids ;;
        'taskset:'0) kind=none ;;
        'explain:'*) kind=ids ;;
        'revoke:'*) kind=ids ;;
        'dmap:'0) kind=tasks ;;
        'dmap:'*) kind=file ;;
        'inspect:'0) kind='=active active_queues clock conf memsample ping query_task registered report reserved revoked scheduled stats' ;;
        'inspect:'*) kind=none ;;
        'control:'0) kind='=add_consumer autoscale cancel_consumer disable_events enable_events heartbeat pool_grow pool_restart pool_shrink rate_limit revoke revoke_by_stamped_headers shutdown terminate time_limit' ;;
        'control:'*) kind=none ;;
        'broker:'*) kind=file ;;
        'queues pause:'*) kind=queues ;;
        'queues resume:'*) kind=queues ;;
        'dead list:'*) kind=dead ;;
        'dead show:'*) kind=dead ;;
        'dead replay:'*) kind=dead ;;
        'dead drop:'*) kind=dead ;;
        'startproject:'0) kind=none ;;
        'self progress:'0) kind=none ;;
        'self progress:'1) kind=none ;;
        'self retry:'0) kind=none ;;
        'self fail:'0) kind=none ;;
        'self fail:'1) kind=none ;;
        'self meta:'*) kind=none ;;
        'completion:'0) kind='=bash zsh fish' ;;
        'help:'*) kind='=celeryd beat apply run status result list retry logs taskset explain revoke dmap inspect control events stats doctor web broker tasks queues purge dead syncdb rabbit-setup startproject self completion help version' ;;
        *) ;;
    esac
}

# Sets commands and options to the words that may follow.
_celery_words() {
    case "$command" in
        '') commands='celeryd beat apply run status result list retry logs taskset explain revoke dmap inspect control events stats doctor web broker tasks queues purge dead syncdb rabbit-setup startproject self completion help version' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'celeryd') commands='' options='-c --concurrency -n --hostname -Q --queues -l --loglevel -f --logfile -p --pidfile -d --detach --daemon -B --beat -E --task-events -s --statistics --discard --force --time-limit --soft-time-limit --task-max-memory --shutdown-timeout --max-tasks-per-child --max-memory-per-child --prefetch --autoscale --burst --max-tasks -S --supervised -u --uid -g --gid --umask --chroot --stop --restart --is-running --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat') commands='next list status run pause resume backfill import-crontab' options='-l --loglevel -f --logfile -p --pidfile -d --detach --daemon --max-interval --once -u --uid -g --gid --umask --chroot --stop --restart --is-running --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat next') commands='' options='-n --number --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat list') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat status') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat run') commands='' options='-w --wait -t --timeout --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat pause') commands='' options='--reason --until --for --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat resume') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat backfill') commands='' options='--dry-run --force --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'beat import-crontab') commands='' options='--app --system --dry-run --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'apply') commands='' options='--raw --args --kwargs --task-id --max-retries --retry-delay --autoretry --retry-backoff --retry-backoff-max --retry-jitter --retry-until --max-memory --time-limit --soft-time-limit -Q --queue --priority --nice --ignore-result --concurrency-key --countdown --eta --expires --exchange --routing-key --callback --header --link --link-error -w --wait -t --timeout --batch --set --skip-bad --key --key-ttl --strict --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'run') commands='' options='--after --env --task-id --max-retries --retry-delay --autoretry --retry-backoff --retry-backoff-max --retry-jitter --retry-until --max-memory --time-limit --soft-time-limit -Q --queue --priority --nice --ignore-result --concurrency-key --countdown --eta --expires --exchange --routing-key --callback --header --link --link-error -w --wait -t --timeout --key --key-ttl --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'status') commands='' options='-l --long -w --wait -t --timeout --watch --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'result') commands='' options='-w --wait -t --timeout --traceback --forget --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'list') commands='' options='--state --failed --task -Q --queue --since --until --grep -n --limit --watch --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'retry') commands='' options='--state --failed --task -Q --queue --since --until --grep --rate --dry-run --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'logs') commands='' options='--attempt -f --follow --stdout --stderr --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'taskset') commands='' options='-w --wait -t --timeout --results --revoke --terminate --bar --no-bar -n --limit --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'explain') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'revoke') commands='' options='--task --header --terminate -s --signal -t --timeout --ttl --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dmap') commands='' options='--json-lines --raw -0 --null --chunk --in-flight --delay --unordered --tag -o --output -j --jobs --joblog --resume --retry-failed --halt -t --timeout --keep -d --detach --dry-run --bar --no-bar --max-retries --retry-delay --autoretry --retry-backoff --retry-backoff-max --retry-jitter --retry-until --max-memory --time-limit --soft-time-limit -Q --queue --priority --nice --ignore-result --concurrency-key --countdown --eta --expires --exchange --routing-key --callback --header --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'inspect') commands='' options='-d --destination --pattern --matcher -t --timeout --list --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'control') commands='' options='-d --destination --pattern --matcher -t --timeout --list --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'events') commands='' options='-f --follow --dump --after --since --type --task --id --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'stats') commands='' options='--since --task --watch --prometheus --reset -f --force --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'doctor') commands='' options='--worker --mail -t --timeout --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'web') commands='' options='--bind --auth --read-only --public-status --apply -l --loglevel -f --logfile -p --pidfile -d --detach --daemon -u --uid -g --gid --umask --chroot --stop --restart --is-running --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'broker') commands='' options='--bind --allow --keygen -l --loglevel -f --logfile -p --pidfile -d --detach --daemon -u --uid -g --gid --umask --chroot --stop --restart --is-running --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'tasks') commands='' options='--remote --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'queues') commands='pause resume' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'queues pause') commands='' options='--reason --until --for --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'queues resume') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'purge') commands='' options='-Q --queues -f --force --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dead') commands='list show replay drop' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dead list') commands='' options='--task -Q --queue --reason --since --until -n --limit --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dead show') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dead replay') commands='' options='--task -Q --queue --reason --since --until -n --limit --all --to --rate --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'dead drop') commands='' options='--task -Q --queue --reason --since --until -n --limit --all -f --force --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'syncdb') commands='' options='--check --dry-run --compact --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'rabbit-setup') commands='' options='--user --password --password-file --vhost -Q --queues --quorum --rabbitmqctl --api --admin-user --admin-password-file --api-ca --dry-run --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'startproject') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'self') commands='progress retry fail meta' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'self progress') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'self retry') commands='' options='--in --settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'self fail') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'self meta') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'completion') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'help') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
        'version') commands='' options='--settings -b --broker --result-backend --workdir --json -q --quiet -v --verbose --no-color -V --version -h --help' ;;
    esac
}

# Prints the candidates of kind $1 for the value $2, one a line.
_celery_candidates() {
    local word
    case "$1" in
        none) ;;
        file) compgen -f -- "$2" ;;
        directory) compgen -d -- "$2" ;;
        =*) for word in ${1#=}; do printf '%s\n' "$word"; done ;;
        *) command celery ${context[@]+"${context[@]}"} __complete "$1" "$2" 2>/dev/null </dev/null ;;
    esac
}

_celery() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word raw i last=-1
    local -a words context
    words=() context=() COMPREPLY=()
    # Bash splits words at = and : as well; join what the line does not separate.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        raw=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $line == [[:blank:]]* || -z $line ]]; then
            words[++last]=
        fi
        line=${line#"${line%%[![:blank:]]*}"}
        # The word under the cursor ends at the cursor.
        [[ $line == "$raw"* ]] || raw=$line
        line=${line#"$raw"}
        words[last]+=$raw
    done

    # Walk the words before the cursor.
    local command= commands= options= option letters kind= due= ended= operands=0
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ -n $ended ]]; then
            _celery_enter "$word" || ((operands++))
            continue
        fi
        case $word in
            --) ended=1 ;;
            --*=*)
                case ${word%%=*} in
                    --settings | -b | --broker | --result-backend | --workdir) context+=("$(_celery_unquote "$word")") ;;
                esac ;;
            -[!0-9.]*)
                option=$word letters=
                _celery_option "$option"
                # In a bundle, the first letter that takes a value takes the rest of it.
                [[ $word == --* ]] || letters=${word#-}
                while [[ -n $letters ]]; do
                    option=-${letters:0:1} letters=${letters:1}
                    _celery_option "$option"
                    [[ -z $kind ]] || break
                done
                if [[ -n $kind && -z $letters ]]; then
                    if ((++i == last)); then due=$kind; break; fi
                    case $option in
                        --settings | -b | --broker | --result-backend | --workdir) context+=("$option" "$(_celery_unquote "${words[i]}")") ;;
                    esac
                fi ;;
            *) _celery_enter "$word" || ((operands++)) ;;
        esac
    done

    # Find what the word under the cursor may become.
    local current=${words[last]} lead= value candidate
    value=$current
    _celery_words
    if [[ -n $due ]]; then
        kind=$due
    elif [[ -z $ended && $current == --*=* ]]; then
        lead=${current%%=*}=
        value=${current#*=}
        _celery_option "${lead%=}"
        [[ -n $kind ]] || kind=none
    elif [[ -z $ended && $current == -* ]]; then
        kind="=$options"
    elif [[ -n $commands ]]; then
        ((operands == 0)) || return 0
        kind="=$commands"
    else
        _celery_operand "$operands"
    fi
    case $kind in
        file | directory) compopt -o filenames 2>/dev/null ;;
    esac

    # Readline replaces only what follows the last = or :, or what begins with the last @, so answer with that part alone.
    local kept=$current
    case $raw in
        [=:]*) ;;
        *) kept=${current%"$raw"} kept=${kept%@} ;;
    esac
    while IFS= read -r candidate; do
        [[ $candidate == "$value"* ]] || continue
        case $kind in
            file | directory) ;;
            *) printf -v candidate %q "$candidate"; candidate=${candidate//\\,/,} ;;
        esac
        candidate=$lead$candidate
        COMPREPLY+=("${candidate#"$kept"}")
    done < <(_celery_candidates "$kind" "$value")
}

# Prints the word $1 without the quotes of the shell, which is not asked to expand anything.
_celery_unquote() {
    local word=${1//[\\\'\"]/}
    case $word in
        '~/'*) word=$HOME/${word#??} ;;
    esac
    printf '%s' "$word"
}

complete -F _celery celery
