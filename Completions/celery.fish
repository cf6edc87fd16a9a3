# Completion of celery in fish, generated from the command table.
# Do not edit: change the table and generate this file again.

# Prints the path of the command that the word $argv[2] names within $argv[1]; fails if there is none.
function __celery_enter
    switch "$argv[1]:$argv[2]"
        case ':celeryd' ':worker'
            echo 'celeryd'
        case ':beat'
            echo 'beat'
        case ':apply'
            echo 'apply'
        case ':status'
            echo 'status'
        case ':result'
            echo 'result'
        case ':list' ':ls'
            echo 'list'
        case ':retry'
            echo 'retry'
        case ':explain'
            echo 'explain'
        case ':revoke'
            echo 'revoke'
        case ':dmap'
            echo 'dmap'
        case ':inspect'
            echo 'inspect'
        case ':control'
            echo 'control'
        case ':events'
            echo 'events'
        case ':stats'
            echo 'stats'
        case ':tasks'
            echo 'tasks'
        case ':queues'
            echo 'queues'
        case ':purge'
            echo 'purge'
        case ':dead'
            echo 'dead'
        case ':syncdb'
            echo 'syncdb'
        case ':rabbit-setup'
            echo 'rabbit-setup'
        case ':startproject'
            echo 'startproject'
        case ':completion'
            echo 'completion'
        case ':help'
            echo 'help'
        case ':version'
            echo 'version'
        case 'beat:next'
            echo 'beat next'
        case 'beat:list'
            echo 'beat list'
        case 'beat:status'
            echo 'beat status'
        case 'beat:run'
            echo 'beat run'
        case 'beat:pause'
            echo 'beat pause'
        case 'beat:resume'
            echo 'beat resume'
        case 'beat:backfill'
            echo 'beat backfill'
        case 'beat:import-crontab'
            echo 'beat import-crontab'
        case 'queues:pause'
            echo 'queues pause'
        case 'queues:resume'
            echo 'queues resume'
        case 'dead:list'
            echo 'dead list'
        case 'dead:show'
            echo 'dead show'
        case 'dead:replay'
            echo 'dead replay'
        case 'dead:drop'
            echo 'dead drop'
        case '*'
            return 1
    end
end

# Tells whether the option $argv[2] of the command $argv[1] takes a value.
function __celery_valued
    switch "$argv[1]:$argv[2]"
        case 'celeryd:-c' 'celeryd:--concurrency' 'celeryd:-n' 'celeryd:--hostname' 'celeryd:-Q' 'celeryd:--queues' 'celeryd:-l' 'celeryd:--loglevel' 'celeryd:-f' 'celeryd:--logfile' 'celeryd:-p' 'celeryd:--pidfile' 'celeryd:--time-limit' 'celeryd:--soft-time-limit' 'celeryd:--task-max-memory' 'celeryd:--shutdown-timeout' 'celeryd:--max-tasks-per-child' 'celeryd:--max-memory-per-child' 'celeryd:--prefetch' 'celeryd:--autoscale' 'celeryd:--max-tasks' 'celeryd:-u' 'celeryd:--uid' 'celeryd:-g' 'celeryd:--gid' 'celeryd:--umask' 'celeryd:--chroot' 'beat:-l' 'beat:--loglevel' 'beat:-f' 'beat:--logfile' 'beat:-p' 'beat:--pidfile' 'beat:--max-interval' 'beat:-u' 'beat:--uid' 'beat:-g' 'beat:--gid' 'beat:--umask' 'beat:--chroot' 'beat next:-n' 'beat next:--number' 'beat run:-t' 'beat run:--timeout' 'beat pause:--reason' 'beat pause:--until' 'beat pause:--for' 'beat import-crontab:--app' 'apply:--args' 'apply:--kwargs' 'apply:--task-id' 'apply:--max-retries' 'apply:--retry-delay' 'apply:--autoretry' 'apply:--retry-backoff' 'apply:--retry-backoff-max' 'apply:--retry-jitter' 'apply:--retry-until' 'apply:--max-memory' 'apply:--time-limit' 'apply:--soft-time-limit' 'apply:-Q' 'apply:--queue' 'apply:--priority' 'apply:--nice' 'apply:--concurrency-key' 'apply:--countdown' 'apply:--eta' 'apply:--expires' 'apply:--exchange' 'apply:--routing-key' 'apply:--header' 'apply:--link' 'apply:--link-error' 'apply:-t' 'apply:--timeout' 'apply:--batch' 'apply:--key' 'apply:--key-ttl' 'status:-t' 'status:--timeout' 'result:-t' 'result:--timeout' 'list:--state' 'list:--task' 'list:-Q' 'list:--queue' 'list:--since' 'list:--until' 'list:--grep' 'list:-n' 'list:--limit' 'retry:--state' 'retry:--task' 'retry:-Q' 'retry:--queue' 'retry:--since' 'retry:--until' 'retry:--grep' 'retry:--rate' 'revoke:--task' 'revoke:--header' 'revoke:-s' 'revoke:--signal' 'revoke:-t' 'revoke:--timeout' 'revoke:--ttl' 'dmap:-j' 'dmap:--jobs' 'dmap:--joblog' 'dmap:--halt' 'dmap:-t' 'dmap:--timeout' 'dmap:--chunk' 'dmap:--max-retries' 'dmap:--retry-delay' 'dmap:--autoretry' 'dmap:--retry-backoff' 'dmap:--retry-backoff-max' 'dmap:--retry-jitter' 'dmap:--retry-until' 'dmap:--max-memory' 'dmap:--time-limit' 'dmap:--soft-time-limit' 'dmap:-Q' 'dmap:--queue' 'dmap:--priority' 'dmap:--nice' 'dmap:--concurrency-key' 'dmap:--countdown' 'dmap:--eta' 'dmap:--expires' 'dmap:--exchange' 'dmap:--routing-key' 'dmap:--header' 'inspect:-d' 'inspect:--destination' 'inspect:--pattern' 'inspect:--matcher' 'inspect:-t' 'inspect:--timeout' 'control:-d' 'control:--destination' 'control:--pattern' 'control:--matcher' 'control:-t' 'control:--timeout' 'events:--after' 'events:--since' 'events:--type' 'events:--task' 'events:--id' 'stats:--since' 'stats:--task' 'queues pause:--reason' 'queues pause:--until' 'queues pause:--for' 'purge:-Q' 'purge:--queues' 'dead list:--task' 'dead list:-Q' 'dead list:--queue' 'dead list:--reason' 'dead list:--since' 'dead list:--until' 'dead list:-n' 'dead list:--limit' 'dead replay:--task' 'dead replay:-Q' 'dead replay:--queue' 'dead replay:--reason' 'dead replay:--since' 'dead replay:--until' 'dead replay:-n' 'dead replay:--limit' 'dead replay:--to' 'dead replay:--rate' 'dead drop:--task' 'dead drop:-Q' 'dead drop:--queue' 'dead drop:--reason' 'dead drop:--since' 'dead drop:--until' 'dead drop:-n' 'dead drop:--limit' 'rabbit-setup:--user' 'rabbit-setup:--password' 'rabbit-setup:--password-file' 'rabbit-setup:--vhost' 'rabbit-setup:-Q' 'rabbit-setup:--queues' 'rabbit-setup:--rabbitmqctl' 'rabbit-setup:--api' 'rabbit-setup:--admin-user' 'rabbit-setup:--admin-password-file' 'rabbit-setup:--api-ca' '*:--settings' '*:-b' '*:--broker' '*:--result-backend' '*:--workdir'
            return 0
    end
    return 1
end

# Prints the path of the command before the cursor, and how many operands follow it.
function __celery_state
    set -l words (commandline -opc)
    set -l command ''
    set -l operands 0
    set -l ended 0
    set -l due 0
    for word in $words[2..-1]
        if test $due -eq 1
            set due 0
            continue
        end
        # A lone dash and a negative number are operands.
        if test $ended -eq 0; and string match -qr -- '^-[^0-9.]' $word
            switch $word
                case --
                    set ended 1
                    continue
                case '--*=*'
                    continue
                case '--*'
                    __celery_valued $command $word; and set due 1
                    continue
                case '*'
                    # In a bundle, the first letter that takes a value takes the rest of it.
                    set -l letters (string split '' -- (string sub -s 2 -- $word))
                    for index in (seq (count $letters))
                        if __celery_valued $command -$letters[$index]
                            test $index -eq (count $letters); and set due 1
                            break
                        end
                    end
                    continue
            end
        end
        if set -l entered (__celery_enter $command $word)
            set command $entered
        else
            set operands (math $operands + 1)
        end
    end
    printf '%s\n' $command $operands
end

# Tells whether the cursor is in the command $argv[1], and at an operand such as `-eq 0` says.
function __celery_at
    set -l state (__celery_state)
    test "$state[1]" = "$argv[1]"; or return 1
    test (count $argv) -eq 1; or test $state[2] $argv[2] $argv[3]
end

# Prints what the program lists for a topic, by the settings named on the line.
function __celery_listed
    set -l words (commandline -opc)
    set -l listing
    set -l due 0
    for word in $words[2..-1]
        if test $due -eq 1
            set -a listing (string replace -r '^~/' "$HOME/" -- $word)
            set due 0
            continue
        end
        switch $word
            case --
                break
            case --settings -b --broker --result-backend --workdir
                set -a listing $word
                set due 1
            case '--settings=*' '-b=*' '--broker=*' '--result-backend=*' '--workdir=*'
                set -a listing $word
        end
    end
    # The value alone of an option with its value.
    set -l word (commandline -ct | string replace -r '^-[^=]*=?' '')
    command celery $listing __complete $argv "$word" 2>/dev/null </dev/null
end

complete -c celery -f
complete -c celery -l settings -r -F -d 'Read the settings from FILE instead of the nearest celery.toml.'
complete -c celery -s b -l broker -x -d 'Use this broker, such as sqlite:///path/celery.db. Other users of this machine can read the command line: put a URL with a password in the settings file or in the variable CELERY_BROKER_URL.'
complete -c celery -l result-backend -x -d 'Store results at this URL. Put a URL with a password in the settings file or in the variable CELERY_RESULT_BACKEND.'
complete -c celery -l workdir -x -a '(__fish_complete_directories (commandline -ct))' -d 'Change to DIR first.'
complete -c celery -l json -f -d 'Print one JSON object per line.'
complete -c celery -s q -l quiet -f -d 'Print only results and errors.'
complete -c celery -s v -l verbose -f -d 'Print the origin of each setting and the actions taken.'
complete -c celery -l no-color -f -d 'Print without colour.'
complete -c celery -s V -l version -f -d 'Show the version and exit.'
complete -c celery -s h -l help -f -d 'Show this help and exit.'
complete -c celery -n '__celery_at "" -eq 0' -a celeryd -d 'Run a worker'
complete -c celery -n '__celery_at "" -eq 0' -a beat -d 'Send periodic tasks when they are due'
complete -c celery -n '__celery_at "" -eq 0' -a apply -d 'Submit a task'
complete -c celery -n '__celery_at "" -eq 0' -a status -d 'Show the states of tasks, or list the workers'
complete -c celery -n '__celery_at "" -eq 0' -a result -d 'Print the return values of tasks'
complete -c celery -n '__celery_at "" -eq 0' -a list -d 'List tasks'
complete -c celery -n '__celery_at "" -eq 0' -a retry -d 'Send ended tasks again'
complete -c celery -n '__celery_at "" -eq 0' -a explain -d 'Explain why a task is waiting, was late or failed'
complete -c celery -n '__celery_at "" -eq 0' -a revoke -d 'Prevent tasks from running, or stop them'
complete -c celery -n '__celery_at "" -eq 0' -a dmap -d 'Map a task over items'
complete -c celery -n '__celery_at "" -eq 0' -a inspect -d 'Query workers'
complete -c celery -n '__celery_at "" -eq 0' -a control -d 'Send commands to workers'
complete -c celery -n '__celery_at "" -eq 0' -a events -d 'Show events of workers and tasks'
complete -c celery -n '__celery_at "" -eq 0' -a stats -d 'Show how many tasks ran, and how long they took'
complete -c celery -n '__celery_at "" -eq 0' -a tasks -d 'List the tasks of this project'
complete -c celery -n '__celery_at "" -eq 0' -a queues -d 'Show message counts, consumers and pauses of queues'
complete -c celery -n '__celery_at "" -eq 0' -a purge -d 'Erase the messages waiting in queues'
complete -c celery -n '__celery_at "" -eq 0' -a dead -d 'Manage dead letters'
complete -c celery -n '__celery_at "" -eq 0' -a syncdb -d 'Create or upgrade the tables of broker and result store'
complete -c celery -n '__celery_at "" -eq 0' -a rabbit-setup -d 'Set up a RabbitMQ broker for workers'
complete -c celery -n '__celery_at "" -eq 0' -a startproject -d 'Create a project with example tasks'
complete -c celery -n '__celery_at "" -eq 0' -a completion -d 'Print a completion script for a shell'
complete -c celery -n '__celery_at "" -eq 0' -a help -d 'Show the help of a command'
complete -c celery -n '__celery_at "" -eq 0' -a version -d 'Show the version'
complete -c celery -n '__celery_at "celeryd"' -s c -l concurrency -x -d 'Run N tasks at a time; by default one for each processor.'
complete -c celery -n '__celery_at "celeryd"' -s n -l hostname -x -d 'Name of this worker, by default celery@%h; %h stands for the host name.'
complete -c celery -n '__celery_at "celeryd"' -s Q -l queues -x -a '(__celery_listed queues)' -d 'Consume these queues in turn; A=3 gets three turns for each turn of the others.'
complete -c celery -n '__celery_at "celeryd"' -s l -l loglevel -x -a 'DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' -d 'Lowest level to log.'
complete -c celery -n '__celery_at "celeryd"' -s f -l logfile -r -F -d 'Append the log to FILE; by default stderr, or celeryd.log if detached.'
complete -c celery -n '__celery_at "celeryd"' -s p -l pidfile -r -F -d 'Write the process id to FILE and keep FILE locked; by default celeryd.pid if detached.'
complete -c celery -n '__celery_at "celeryd"' -s d -l detach -l daemon -f -d 'Run in the background; return when the worker is consuming.'
complete -c celery -n '__celery_at "celeryd"' -s B -l beat -f -d 'Also send periodic tasks, like \'celery beat\'.'
complete -c celery -n '__celery_at "celeryd"' -s E -l task-events -f -d 'Send task events to monitors such as \'celery events\'.'
complete -c celery -n '__celery_at "celeryd"' -s s -l statistics -f -d 'Collect counts and durations of tasks for celery stats.'
complete -c celery -n '__celery_at "celeryd"' -l discard -f -d 'Erase the waiting messages first; asks for confirmation on a terminal.'
complete -c celery -n '__celery_at "celeryd"' -l force -f -d 'Do not ask for confirmation of --discard.'
complete -c celery -n '__celery_at "celeryd"' -l time-limit -x -d 'Kill tasks after this time.'
complete -c celery -n '__celery_at "celeryd"' -l soft-time-limit -x -d 'Ask tasks to stop after this time.'
complete -c celery -n '__celery_at "celeryd"' -l task-max-memory -x -d 'Kill tasks that use more memory than this, such as 64m.'
complete -c celery -n '__celery_at "celeryd"' -l shutdown-timeout -x -d 'When stopping, requeue tasks that are still running after this time.'
complete -c celery -n '__celery_at "celeryd"' -l max-tasks-per-child -x -d 'Replace a pool child after N tasks.'
complete -c celery -n '__celery_at "celeryd"' -l max-memory-per-child -x -d 'Replace a pool child that uses more than KB kilobytes of memory after a task.'
complete -c celery -n '__celery_at "celeryd"' -l prefetch -x -d 'Prefetch N tasks beyond the running ones; by default, more for shorter tasks.'
complete -c celery -n '__celery_at "celeryd"' -l autoscale -x -d 'Run between MIN and MAX tasks at a time: add pool processes while tasks wait, and remove idle ones.'
complete -c celery -n '__celery_at "celeryd"' -l burst -f -d 'Work until no message in the queues is due, then exit with 0; messages due later stay.'
complete -c celery -n '__celery_at "celeryd"' -l max-tasks -x -d 'Exit with 0 after N tasks.'
complete -c celery -n '__celery_at "celeryd"' -s S -l supervised -f -d 'Run the worker under a supervisor that replaces it when it dies. The pidfile contains the supervisor\'s process id; signals, --stop and --restart sent there reach the worker.'
complete -c celery -n '__celery_at "celeryd"' -s u -l uid -x -d 'Run as this user, given by name or number.'
complete -c celery -n '__celery_at "celeryd"' -s g -l gid -x -d 'Run as this group, given by name or number.'
complete -c celery -n '__celery_at "celeryd"' -l umask -x -d 'File mode creation mask, in octal.'
complete -c celery -n '__celery_at "celeryd"' -l chroot -x -a '(__fish_complete_directories (commandline -ct))' -d 'Change the root folder to DIR, which must contain /proc and the program\'s libraries.'
complete -c celery -n '__celery_at "celeryd"' -l stop -f -d 'Stop the worker of the pidfile, and wait for its end.'
complete -c celery -n '__celery_at "celeryd"' -l restart -f -d 'Make the worker of the pidfile restart with new settings.'
complete -c celery -n '__celery_at "celeryd"' -l is-running -f -d 'Exit with 0 if the worker of the pidfile is running, otherwise with 1.'
complete -c celery -n '__celery_at "beat" -eq 0' -a next -d 'List the coming runs'
complete -c celery -n '__celery_at "beat" -eq 0' -a list -d 'List the periodic tasks'
complete -c celery -n '__celery_at "beat" -eq 0' -a status -d 'Show whether periodic tasks are sent on time'
complete -c celery -n '__celery_at "beat" -eq 0' -a run -d 'Send a periodic task now'
complete -c celery -n '__celery_at "beat" -eq 0' -a pause -d 'Stop sending periodic tasks until they are resumed'
complete -c celery -n '__celery_at "beat" -eq 0' -a resume -d 'Send paused periodic tasks again'
complete -c celery -n '__celery_at "beat" -eq 0' -a backfill -d 'Send the runs of a past period'
complete -c celery -n '__celery_at "beat" -eq 0' -a import-crontab -d 'Make periodic tasks from a crontab'
complete -c celery -n '__celery_at "beat"' -s l -l loglevel -x -a 'DEBUG INFO WARNING WARN ERROR CRITICAL FATAL debug info warning warn error critical fatal' -d 'Lowest level to log.'
complete -c celery -n '__celery_at "beat"' -s f -l logfile -r -F -d 'Append the log to FILE; by default stderr, or celerybeat.log if detached.'
complete -c celery -n '__celery_at "beat"' -s p -l pidfile -r -F -d 'Write the process id to FILE and keep FILE locked; by default celerybeat.pid if detached.'
complete -c celery -n '__celery_at "beat"' -s d -l detach -l daemon -f -d 'Run in the background; return when beat leads or stands by.'
complete -c celery -n '__celery_at "beat"' -l max-interval -x -d 'Longest time between checks of the clock and of the leader lock.'
complete -c celery -n '__celery_at "beat"' -l once -f -d 'Send the runs due now, then exit with 0; exit with 75 if another beat leads.'
complete -c celery -n '__celery_at "beat"' -s u -l uid -x -d 'Run as this user, given by name or number.'
complete -c celery -n '__celery_at "beat"' -s g -l gid -x -d 'Run as this group, given by name or number.'
complete -c celery -n '__celery_at "beat"' -l umask -x -d 'File mode creation mask, in octal.'
complete -c celery -n '__celery_at "beat"' -l chroot -x -a '(__fish_complete_directories (commandline -ct))' -d 'Change the root folder to DIR, which must contain /proc and the program\'s libraries.'
complete -c celery -n '__celery_at "beat"' -l stop -f -d 'Stop the beat of the pidfile, and wait for its end.'
complete -c celery -n '__celery_at "beat"' -l restart -f -d 'Make the beat of the pidfile reload settings and tasks.'
complete -c celery -n '__celery_at "beat"' -l is-running -f -d 'Exit with 0 if the beat of the pidfile is running, otherwise with 1.'
complete -c celery -n '__celery_at "beat next"' -s n -l number -x -d 'List N runs.'
complete -c celery -n '__celery_at "beat next" -ge 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat status" -ge 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat run"' -s w -l wait -f -d 'Wait until all tasks are finished.'
complete -c celery -n '__celery_at "beat run"' -s t -l timeout -x -d 'Wait at most this long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.'
complete -c celery -n '__celery_at "beat run" -eq 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat pause"' -l reason -x -d 'The reason, which \'celery beat status --json\' shows.'
complete -c celery -n '__celery_at "beat pause"' -l until -x -d 'Resume automatically at TIME: ISO 8601, HH:MM, or \'tomorrow 06:00\', in the local time zone unless TIME names another.'
complete -c celery -n '__celery_at "beat pause"' -l for -x -d 'Resume automatically after this time, in seconds or as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "beat pause" -ge 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat resume" -ge 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat backfill"' -l dry-run -f -d 'Send nothing; print the id and due time of each run.'
complete -c celery -n '__celery_at "beat backfill"' -l force -f -d 'Send more than 10000 runs.'
complete -c celery -n '__celery_at "beat backfill" -eq 0' -a '(__celery_listed entries)'
complete -c celery -n '__celery_at "beat import-crontab"' -l app -x -d 'Put the tasks into the folder APP/tasks of the project.'
complete -c celery -n '__celery_at "beat import-crontab"' -l system -f -d 'FILE has the format of /etc/crontab, with a user before each command; only lines of the current user are imported.'
complete -c celery -n '__celery_at "beat import-crontab"' -l dry-run -f -d 'Write nothing; print the tasks that would be created.'
complete -c celery -n '__celery_at "beat import-crontab" -eq 0' -F
complete -c celery -n '__celery_at "apply"' -l raw -f -d 'Take every ARG as a string, even if it looks like JSON or KEY=VALUE.'
complete -c celery -n '__celery_at "apply"' -l args -x -d 'The positional arguments as a JSON array.'
complete -c celery -n '__celery_at "apply"' -l kwargs -x -d 'The keyword arguments as a JSON object.'
complete -c celery -n '__celery_at "apply"' -l task-id -x -d 'Use this task id instead of a new one.'
complete -c celery -n '__celery_at "apply"' -l max-retries -x -d 'Retry the task at most N times; unlimited sets no limit.'
complete -c celery -n '__celery_at "apply"' -l retry-delay -x -d 'Wait this long before each retry.'
complete -c celery -n '__celery_at "apply"' -l autoretry -x -d 'Retry the task when it fails with one of these: exit statuses, signals such as SIGTERM, names of errors such as TimeoutError for a time limit, MemoryLimitExceeded or OutputTooLarge, or any. Exit status 75 always asks for a retry.'
complete -c celery -n '__celery_at "apply"' -l retry-backoff -x -d 'Wait this many seconds before the first retry, and twice as long before each further retry; 0 waits retry_delay each time.'
complete -c celery -n '__celery_at "apply"' -l retry-backoff-max -x -d 'Limit the wait of retry_backoff to this length.'
complete -c celery -n '__celery_at "apply"' -l retry-jitter -x -a 'full none' -d 'Wait a random part of the time that retry_backoff gives (full), or all of that time (none).'
complete -c celery -n '__celery_at "apply"' -l retry-until -x -d 'Start no retry later than this after submission, or after the ETA, or later than TIME.'
complete -c celery -n '__celery_at "apply"' -l max-memory -x -d 'Kill the task when it and everything it started use more bytes of memory than this, such as 64m.'
complete -c celery -n '__celery_at "apply"' -l time-limit -x -d 'Kill the task after this time.'
complete -c celery -n '__celery_at "apply"' -l soft-time-limit -x -d 'Ask the task to stop after this time, which must be less than time_limit.'
complete -c celery -n '__celery_at "apply"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Send the task to this queue.'
complete -c celery -n '__celery_at "apply"' -l priority -x -d 'Run the task earlier the higher N is, 0 to 255.'
complete -c celery -n '__celery_at "apply"' -l nice -x -d 'Run a program at niceness N, 0 to 19: the higher N is, the more it yields to other processes. Tasks in Swift run at the niceness of their worker.'
complete -c celery -n '__celery_at "apply"' -l ignore-result -f -d 'Do not store the return value.'
complete -c celery -n '__celery_at "apply"' -l concurrency-key -x -d 'Count the task with others of this key, if the task limits its concurrency.'
complete -c celery -n '__celery_at "apply"' -l countdown -x -d 'Run the task after this delay, in seconds or as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "apply"' -l eta -x -d 'Do not run the task before TIME: ISO 8601, HH:MM, or \'tomorrow 06:00\', in the local zone unless one is written.'
complete -c celery -n '__celery_at "apply"' -l expires -x -d 'Do not run the task after this many seconds, or after TIME.'
complete -c celery -n '__celery_at "apply"' -l exchange -x -d 'Publish to this exchange; needs a routing key.'
complete -c celery -n '__celery_at "apply"' -l routing-key -x -d 'Publish with this routing key.'
complete -c celery -n '__celery_at "apply"' -l header -x -d 'Add a header to the message; V is JSON if it parses as JSON.'
complete -c celery -n '__celery_at "apply"' -l link -x -a '(__celery_listed tasks)' -d 'On success, send TASK with the return value.'
complete -c celery -n '__celery_at "apply"' -l link-error -x -a '(__celery_listed tasks)' -d 'On failure, send TASK with the id of the failed task.'
complete -c celery -n '__celery_at "apply"' -s w -l wait -f -d 'Wait until all tasks are finished.'
complete -c celery -n '__celery_at "apply"' -s t -l timeout -x -d 'Wait at most this long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.'
complete -c celery -n '__celery_at "apply"' -l batch -r -F -d 'Submit a task for each line of FILE, or of stdin: a JSON object with task, args, kwargs and options.'
complete -c celery -n '__celery_at "apply"' -l skip-bad -f -d 'Submit the valid lines of a batch even if others are invalid.'
complete -c celery -n '__celery_at "apply"' -l key -x -d 'Submit at most once per key K; print the earlier id if there is one.'
complete -c celery -n '__celery_at "apply"' -l key-ttl -x -d 'How long to remember K.'
complete -c celery -n '__celery_at "apply"' -l strict -f -d 'Refuse a task that neither this project nor a worker knows.'
complete -c celery -n '__celery_at "apply" -eq 0' -a '(__celery_listed tasks)'
complete -c celery -n '__celery_at "apply" -ge 1' -F
complete -c celery -n '__celery_at "status"' -s l -l long -f -d 'Also show task, attempt, worker, times and reason.'
complete -c celery -n '__celery_at "status"' -s w -l wait -f -d 'Wait until all tasks are finished.'
complete -c celery -n '__celery_at "status"' -s t -l timeout -x -d 'Wait at most this long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.'
complete -c celery -n '__celery_at "status"' -l watch -f -d 'Redraw until all tasks are finished, or interrupted.'
complete -c celery -n '__celery_at "status" -ge 0' -a '(__celery_listed ids)'
complete -c celery -n '__celery_at "result"' -s w -l wait -f -d 'Wait until all tasks are finished.'
complete -c celery -n '__celery_at "result"' -s t -l timeout -x -d 'Wait at most this long, in seconds or as 90s, 10m, 2h, 1d; then exit with 124.'
complete -c celery -n '__celery_at "result"' -l traceback -f -d 'Also print the traceback of a failure.'
complete -c celery -n '__celery_at "result"' -l forget -f -d 'Delete the results after printing them.'
complete -c celery -n '__celery_at "result" -ge 0' -a '(__celery_listed ids)'
complete -c celery -n '__celery_at "list"' -l state -x -a 'QUEUED SCHEDULED STARTED RETRY SUCCESS FAILURE REVOKED' -d 'Only tasks in these states: QUEUED, SCHEDULED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED; or waiting, running, finished.'
complete -c celery -n '__celery_at "list"' -l failed -f -d 'Only tasks that failed: --state FAILURE.'
complete -c celery -n '__celery_at "list"' -l task -x -a '(__celery_listed tasks)' -d 'Only tasks whose name matches this shell pattern.'
complete -c celery -n '__celery_at "list"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Only tasks of this queue.'
complete -c celery -n '__celery_at "list"' -l since -x -d 'Only tasks that were submitted, begun or ended at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "list"' -l until -x -d 'Only tasks that last changed before TIME, in the same notation.'
complete -c celery -n '__celery_at "list"' -l grep -x -d 'Only tasks with TEXT in their arguments, return value or error.'
complete -c celery -n '__celery_at "list"' -s n -l limit -x -d 'At most N tasks, the newest.'
complete -c celery -n '__celery_at "list"' -l watch -f -d 'Redraw every second until interrupted.'
complete -c celery -n '__celery_at "retry"' -l state -x -a 'QUEUED SCHEDULED STARTED RETRY SUCCESS FAILURE REVOKED' -d 'Only tasks in these states: QUEUED, SCHEDULED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED; or waiting, running, finished.'
complete -c celery -n '__celery_at "retry"' -l failed -f -d 'Only tasks that failed: --state FAILURE.'
complete -c celery -n '__celery_at "retry"' -l task -x -a '(__celery_listed tasks)' -d 'Only tasks whose name matches this shell pattern.'
complete -c celery -n '__celery_at "retry"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Only tasks of this queue.'
complete -c celery -n '__celery_at "retry"' -l since -x -d 'Only tasks that were submitted, begun or ended at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "retry"' -l until -x -d 'Only tasks that last changed before TIME, in the same notation.'
complete -c celery -n '__celery_at "retry"' -l grep -x -d 'Only tasks with TEXT in their arguments, return value or error.'
complete -c celery -n '__celery_at "retry"' -l rate -x -d 'Send at most at this rate: 10/s, 100/m or 5/h.'
complete -c celery -n '__celery_at "retry"' -l dry-run -f -d 'Print what would be sent, and send nothing.'
complete -c celery -n '__celery_at "retry" -ge 0' -a '(__celery_listed ids)'
complete -c celery -n '__celery_at "explain" -ge 0' -a '(__celery_listed ids)'
complete -c celery -n '__celery_at "revoke"' -l task -x -d 'Revoke all tasks of this name submitted so far.'
complete -c celery -n '__celery_at "revoke"' -l header -x -d 'Revoke all tasks submitted so far with this message header or Python stamp.'
complete -c celery -n '__celery_at "revoke"' -l terminate -f -d 'Also stop running attempts: a program with all its processes, a Swift task with its pool child.'
complete -c celery -n '__celery_at "revoke"' -s s -l signal -x -d 'The signal that --terminate sends, by default TERM; KILL follows after ten seconds.'
complete -c celery -n '__celery_at "revoke"' -s t -l timeout -x -d 'With --terminate, wait at most this long for running tasks to end; by default 15 seconds.'
complete -c celery -n '__celery_at "revoke"' -l ttl -x -d 'How long to remember the revocation, in seconds or as 90s, 10m, 2h, 1d; by default as long as results are stored.'
complete -c celery -n '__celery_at "revoke" -ge 0' -a '(__celery_listed ids)'
complete -c celery -n '__celery_at "dmap"' -l json-lines -f -d 'Take each line as JSON: an array of arguments, or an object of keyword arguments.'
complete -c celery -n '__celery_at "dmap"' -l raw -f -d 'Take every item as a string, even if it looks like JSON.'
complete -c celery -n '__celery_at "dmap"' -l unordered -f -d 'Print results as they come instead of in the order of the items.'
complete -c celery -n '__celery_at "dmap"' -s j -l jobs -x -d 'Also run a pool of N here until done, so that no worker need be running.'
complete -c celery -n '__celery_at "dmap"' -l joblog -r -F -d 'Write a line for each finished item to FILE: number, id, state, exit status and text.'
complete -c celery -n '__celery_at "dmap"' -l resume -f -d 'Skip items that --joblog lists as finished.'
complete -c celery -n '__celery_at "dmap"' -l retry-failed -f -d 'Like --resume, but repeat failed items.'
complete -c celery -n '__celery_at "dmap"' -l halt -x -d 'Stop early when N items, or N% of all items, have failed: now,fail=N or soon,fail=N%. Waiting items are dropped; \'soon\' waits for running items, \'now\' does not.'
complete -c celery -n '__celery_at "dmap"' -s t -l timeout -x -d 'Time limit for the whole map; then exit with 124.'
complete -c celery -n '__celery_at "dmap"' -l bar -l no-bar -f -d 'Show a progress bar.'
complete -c celery -n '__celery_at "dmap"' -l chunk -x -d 'Number of items submitted at a time.'
complete -c celery -n '__celery_at "dmap"' -l max-retries -x -d 'Retry the task at most N times; unlimited sets no limit.'
complete -c celery -n '__celery_at "dmap"' -l retry-delay -x -d 'Wait this long before each retry.'
complete -c celery -n '__celery_at "dmap"' -l autoretry -x -d 'Retry the task when it fails with one of these: exit statuses, signals such as SIGTERM, names of errors such as TimeoutError for a time limit, MemoryLimitExceeded or OutputTooLarge, or any. Exit status 75 always asks for a retry.'
complete -c celery -n '__celery_at "dmap"' -l retry-backoff -x -d 'Wait this many seconds before the first retry, and twice as long before each further retry; 0 waits retry_delay each time.'
complete -c celery -n '__celery_at "dmap"' -l retry-backoff-max -x -d 'Limit the wait of retry_backoff to this length.'
complete -c celery -n '__celery_at "dmap"' -l retry-jitter -x -a 'full none' -d 'Wait a random part of the time that retry_backoff gives (full), or all of that time (none).'
complete -c celery -n '__celery_at "dmap"' -l retry-until -x -d 'Start no retry later than this after submission, or after the ETA, or later than TIME.'
complete -c celery -n '__celery_at "dmap"' -l max-memory -x -d 'Kill the task when it and everything it started use more bytes of memory than this, such as 64m.'
complete -c celery -n '__celery_at "dmap"' -l time-limit -x -d 'Kill the task after this time.'
complete -c celery -n '__celery_at "dmap"' -l soft-time-limit -x -d 'Ask the task to stop after this time, which must be less than time_limit.'
complete -c celery -n '__celery_at "dmap"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Send the task to this queue.'
complete -c celery -n '__celery_at "dmap"' -l priority -x -d 'Run the task earlier the higher N is, 0 to 255.'
complete -c celery -n '__celery_at "dmap"' -l nice -x -d 'Run a program at niceness N, 0 to 19: the higher N is, the more it yields to other processes. Tasks in Swift run at the niceness of their worker.'
complete -c celery -n '__celery_at "dmap"' -l ignore-result -f -d 'Do not store the return value.'
complete -c celery -n '__celery_at "dmap"' -l concurrency-key -x -d 'Count the task with others of this key, if the task limits its concurrency.'
complete -c celery -n '__celery_at "dmap"' -l countdown -x -d 'Run the task after this delay, in seconds or as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "dmap"' -l eta -x -d 'Do not run the task before TIME: ISO 8601, HH:MM, or \'tomorrow 06:00\', in the local zone unless one is written.'
complete -c celery -n '__celery_at "dmap"' -l expires -x -d 'Do not run the task after this many seconds, or after TIME.'
complete -c celery -n '__celery_at "dmap"' -l exchange -x -d 'Publish to this exchange; needs a routing key.'
complete -c celery -n '__celery_at "dmap"' -l routing-key -x -d 'Publish with this routing key.'
complete -c celery -n '__celery_at "dmap"' -l header -x -d 'Add a header to the message; V is JSON if it parses as JSON.'
complete -c celery -n '__celery_at "dmap" -eq 0' -a '(__celery_listed tasks)'
complete -c celery -n '__celery_at "dmap" -ge 1' -F
complete -c celery -n '__celery_at "inspect"' -s d -l destination -x -a '(__celery_listed workers)' -d 'Only workers with these names, separated by commas.'
complete -c celery -n '__celery_at "inspect"' -l pattern -x -d 'Only workers whose names match PATTERN, such as \'celery@web*\'.'
complete -c celery -n '__celery_at "inspect"' -l matcher -x -a 'glob pcre' -d 'The syntax of --pattern: a shell pattern (glob), or a regular expression anchored at the start (pcre).'
complete -c celery -n '__celery_at "inspect"' -s t -l timeout -x -d 'How long to wait for replies; less if it is known which workers exist and all have replied.'
complete -c celery -n '__celery_at "inspect"' -l list -f -d 'List the methods and their arguments.'
complete -c celery -n '__celery_at "inspect" -eq 0' -a 'active active_queues clock conf memsample ping query_task registered report reserved revoked scheduled stats'
complete -c celery -n '__celery_at "control"' -s d -l destination -x -a '(__celery_listed workers)' -d 'Only workers with these names, separated by commas.'
complete -c celery -n '__celery_at "control"' -l pattern -x -d 'Only workers whose names match PATTERN, such as \'celery@web*\'.'
complete -c celery -n '__celery_at "control"' -l matcher -x -a 'glob pcre' -d 'The syntax of --pattern: a shell pattern (glob), or a regular expression anchored at the start (pcre).'
complete -c celery -n '__celery_at "control"' -s t -l timeout -x -d 'How long to wait for replies; less if it is known which workers exist and all have replied.'
complete -c celery -n '__celery_at "control"' -l list -f -d 'List the methods and their arguments.'
complete -c celery -n '__celery_at "control" -eq 0' -a 'add_consumer autoscale cancel_consumer disable_events enable_events heartbeat pool_grow pool_restart pool_shrink rate_limit revoke revoke_by_stamped_headers shutdown terminate time_limit'
complete -c celery -n '__celery_at "events"' -s f -l follow -l dump -f -d 'Print new events as they happen, until interrupted.'
complete -c celery -n '__celery_at "events"' -l after -x -d 'Start after the event with this cursor, as shown by --json.'
complete -c celery -n '__celery_at "events"' -l since -x -d 'Start with events at this time, or from this long ago.'
complete -c celery -n '__celery_at "events"' -l type -x -a 'task worker task-sent task-received task-started task-succeeded task-failed task-retried task-revoked task-rejected task-cancelled worker-online worker-heartbeat worker-offline worker-elect worker-elect-ack' -d 'Only events of this type, such as task-failed, or with this prefix, such as task or worker.'
complete -c celery -n '__celery_at "events"' -l task -x -a '(__celery_listed tasks)' -d 'Only events of tasks with this name, which may contain the wildcards * and ?.'
complete -c celery -n '__celery_at "events"' -l id -x -a '(__celery_listed ids)' -d 'Only events of the task with this id.'
complete -c celery -n '__celery_at "stats"' -l since -x -d 'Count from T on: an age such as 90s, 10m, 2h, 1d; or ISO 8601 or HH:MM, in the local time zone unless T names another.'
complete -c celery -n '__celery_at "stats"' -l task -x -a '(__celery_listed tasks)' -d 'Count this task only.'
complete -c celery -n '__celery_at "stats"' -l watch -f -d 'Redraw every two seconds until interrupted.'
complete -c celery -n '__celery_at "stats"' -l reset -f -d 'Delete all statistics; asks for confirmation on a terminal.'
complete -c celery -n '__celery_at "stats"' -s f -l force -f -d 'Do not ask for confirmation of --reset.'
complete -c celery -n '__celery_at "tasks"' -l remote -f -d 'List the tasks that running workers know instead.'
complete -c celery -n '__celery_at "queues" -eq 0' -a pause -d 'Stop all workers from consuming queues until they are resumed'
complete -c celery -n '__celery_at "queues" -eq 0' -a resume -d 'Let workers consume paused queues again'
complete -c celery -n '__celery_at "queues pause"' -l reason -x -d 'The reason, which celery queues shows.'
complete -c celery -n '__celery_at "queues pause"' -l until -x -d 'Resume automatically at TIME: ISO 8601, HH:MM, or \'tomorrow 06:00\', in the local time zone unless TIME names another.'
complete -c celery -n '__celery_at "queues pause"' -l for -x -d 'Resume automatically after this time, in seconds or as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "queues pause" -ge 0' -a '(__celery_listed queues)'
complete -c celery -n '__celery_at "queues resume" -ge 0' -a '(__celery_listed queues)'
complete -c celery -n '__celery_at "purge"' -s Q -l queues -x -a '(__celery_listed queues)' -d 'Only these queues; by default all queues, on RabbitMQ those in the settings.'
complete -c celery -n '__celery_at "purge"' -s f -l force -f -d 'Do not ask for confirmation.'
complete -c celery -n '__celery_at "dead" -eq 0' -a list -d 'List dead letters'
complete -c celery -n '__celery_at "dead" -eq 0' -a show -d 'Show dead letters with their content'
complete -c celery -n '__celery_at "dead" -eq 0' -a replay -d 'Resend dead letters'
complete -c celery -n '__celery_at "dead" -eq 0' -a drop -d 'Delete dead letters'
complete -c celery -n '__celery_at "dead list"' -l task -x -a '(__celery_listed tasks)' -d 'Only dead letters of this task; NAME may end in * to match a prefix.'
complete -c celery -n '__celery_at "dead list"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Only dead letters from this queue.'
complete -c celery -n '__celery_at "dead list"' -l reason -x -d 'Only dead letters with this reason: signal (or \'signal 9\'), \'out of memory\', lost, unregistered, unreadable; from RabbitMQ itself: rejected, expired, maxlen, delivery_limit.'
complete -c celery -n '__celery_at "dead list"' -l since -x -d 'Only messages given up at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "dead list"' -l until -x -d 'Only messages given up before TIME, in the same notation.'
complete -c celery -n '__celery_at "dead list"' -s n -l limit -x -d 'At most N dead letters, oldest first.'
complete -c celery -n '__celery_at "dead list" -ge 0' -a '(__celery_listed dead)'
complete -c celery -n '__celery_at "dead show" -ge 0' -a '(__celery_listed dead)'
complete -c celery -n '__celery_at "dead replay"' -l task -x -a '(__celery_listed tasks)' -d 'Only dead letters of this task; NAME may end in * to match a prefix.'
complete -c celery -n '__celery_at "dead replay"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Only dead letters from this queue.'
complete -c celery -n '__celery_at "dead replay"' -l reason -x -d 'Only dead letters with this reason: signal (or \'signal 9\'), \'out of memory\', lost, unregistered, unreadable; from RabbitMQ itself: rejected, expired, maxlen, delivery_limit.'
complete -c celery -n '__celery_at "dead replay"' -l since -x -d 'Only messages given up at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "dead replay"' -l until -x -d 'Only messages given up before TIME, in the same notation.'
complete -c celery -n '__celery_at "dead replay"' -s n -l limit -x -d 'At most N dead letters, oldest first.'
complete -c celery -n '__celery_at "dead replay"' -l all -f -d 'All dead letters; required if neither ids nor filters are given.'
complete -c celery -n '__celery_at "dead replay"' -l to -x -a '(__celery_listed queues)' -d 'Send to this queue instead of the original queues.'
complete -c celery -n '__celery_at "dead replay"' -l rate -x -d 'Send at most at this rate: 10/s, 100/m or 5/h.'
complete -c celery -n '__celery_at "dead replay" -ge 0' -a '(__celery_listed dead)'
complete -c celery -n '__celery_at "dead drop"' -l task -x -a '(__celery_listed tasks)' -d 'Only dead letters of this task; NAME may end in * to match a prefix.'
complete -c celery -n '__celery_at "dead drop"' -s Q -l queue -x -a '(__celery_listed queues)' -d 'Only dead letters from this queue.'
complete -c celery -n '__celery_at "dead drop"' -l reason -x -d 'Only dead letters with this reason: signal (or \'signal 9\'), \'out of memory\', lost, unregistered, unreadable; from RabbitMQ itself: rejected, expired, maxlen, delivery_limit.'
complete -c celery -n '__celery_at "dead drop"' -l since -x -d 'Only messages given up at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.'
complete -c celery -n '__celery_at "dead drop"' -l until -x -d 'Only messages given up before TIME, in the same notation.'
complete -c celery -n '__celery_at "dead drop"' -s n -l limit -x -d 'At most N dead letters, oldest first.'
complete -c celery -n '__celery_at "dead drop"' -l all -f -d 'All dead letters; required if neither ids nor filters are given.'
complete -c celery -n '__celery_at "dead drop"' -s f -l force -f -d 'Do not ask for confirmation.'
complete -c celery -n '__celery_at "dead drop" -ge 0' -a '(__celery_listed dead)'
complete -c celery -n '__celery_at "syncdb"' -l check -f -d 'Change nothing; exit with 1 if a table is missing, and with 65 if a file is damaged (SQLite\'s quick_check).'
complete -c celery -n '__celery_at "syncdb"' -l dry-run -f -d 'Print the SQL instead of running it.'
complete -c celery -n '__celery_at "syncdb"' -l compact -f -d 'Shrink SQLite files to their minimum size. The first time, a file of an earlier version is rewritten: stop its workers before.'
complete -c celery -n '__celery_at "rabbit-setup"' -l user -x -d 'The user for workers and clients; by default the user in the broker URL of the settings, or celery.'
complete -c celery -n '__celery_at "rabbit-setup"' -l password -x -d 'The user\'s password. Other users of this machine can read the command line; --password-file avoids this.'
complete -c celery -n '__celery_at "rabbit-setup"' -l password-file -r -F -d 'Read the user\'s password from the first line of FILE, or of standard input if FILE is -.'
complete -c celery -n '__celery_at "rabbit-setup"' -l vhost -x -d 'The virtual host; by default the one in the broker URL of the settings, or celery.'
complete -c celery -n '__celery_at "rabbit-setup"' -s Q -l queues -x -a '(__celery_listed queues)' -d 'Create these queues in addition to the default queue.'
complete -c celery -n '__celery_at "rabbit-setup"' -l quorum -f -d 'Create quorum queues, which store messages on several nodes of a cluster, instead of classic queues.'
complete -c celery -n '__celery_at "rabbit-setup"' -l rabbitmqctl -r -F -d 'Use this rabbitmqctl; by default the one on PATH or in /usr/sbin.'
complete -c celery -n '__celery_at "rabbit-setup"' -l api -x -d 'Use the management API at URL, as http://ADMIN:PASSWORD@localhost:15672, instead of rabbitmqctl.'
complete -c celery -n '__celery_at "rabbit-setup"' -l admin-user -x -d 'The administrator for the management API, if the URL does not name one.'
complete -c celery -n '__celery_at "rabbit-setup"' -l admin-password-file -r -F -d 'Read the administrator\'s password from the first line of FILE.'
complete -c celery -n '__celery_at "rabbit-setup"' -l api-ca -r -F -d 'Trust the certificate authorities in this PEM file for a management API at https://.'
complete -c celery -n '__celery_at "rabbit-setup"' -l dry-run -f -d 'Contact no broker; print the commands or HTTP requests that set up an empty broker.'
complete -c celery -n '__celery_at "completion" -eq 0' -a 'bash zsh fish'
complete -c celery -n '__celery_at "help" -ge 0' -a 'celeryd beat apply status result list retry explain revoke dmap inspect control events stats tasks queues purge dead syncdb rabbit-setup startproject completion help version'
