import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery run`: any command as a task.
@Suite(.blocking) struct RunTests {
    @Test func `runs a command without a shell, as it was typed`() throws {
        let project = try Project()
        try project.startWorker()
        let odd = "'a b' '' '*' '$HOME' '`x`' \"it's\" $'two\\nlines' '\\' -n --json 1.10 é"
        try project.expect(
            "celery run --wait -- printf '<%s>' \(odd)",
            Ended("<a b><><*><$HOME><`x`><it's><two\nlines><\\><-n><--json><1.10><é>\n"))
        // Options end at the command, as with env and nice.
        try project.expect("celery run --wait printf '%s|' --wait -x --help --", Ended("--wait|-x|--help|--|\n"))
        try project.expect("celery run --wait -- celery --version", Ended("\(try project.run("celery --version").output)"))
    }

    @Test func `a command runs in the folder, with the umask and the environment it was submitted from`() throws {
        let project = try Project()
        try project.startWorker("--umask 077", with: ["SECRET_OF_WORKER": "x", "TZ": "Europe/Berlin"])
        _ = try project.run("mkdir 'sub folder'").text
        let here = "\(project.path)/sub folder"
        #expect(try project.run("celery run --wait pwd", in: here).text == here)
        #expect(try project.run("umask 027; celery run --wait sh -c umask").text == "0027")
        #expect(try project.run("umask 0; celery run --wait sh -c 'umask; touch f; stat -c %a f'").text == "0000\n666")
        let variables = ["MINE": "1", "LD_PRELOAD_X": "2", "BASH_ENV": "/dev/null", "TZ": "Asia/Tokyo", "LC_TIME": "C"]
        let names = try project.run("celery run --wait env", with: variables).lines
        #expect(names.contains("TZ=Asia/Tokyo") && names.contains("LC_TIME=C") && names.contains("HOME=\(project.folder)"))
        let allowed = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LANGUAGE", "TZ"]
        for name in names.map({ String($0.prefix { $0 != "=" }) }) {
            #expect(allowed.contains(name) || name.hasPrefix("LC_") || name.hasPrefix("CELERY_"), "\(name)")
        }
        try project.expect("celery run --wait --env MINE --env 'OTHER=a=b' sh -c 'echo $MINE $OTHER'", with: variables, Ended("1 a=b\n"))
        // Inside, a further command becomes its child.
        let id = try project.run("celery run --wait sh -c 'echo $CELERY_TASK_ID'").text
        #expect(try project.state(of: id) == "SUCCESS")
        let child = try project.run("celery run --wait -- celery apply demo.tasks.add 1").text
        #expect(try project.run("celery explain --json \(child) | jq -r '.parent | length'").text == "36")
    }

    @Test func `a command reads from nowhere, and its output is text`() throws {
        let project = try Project()
        try project.startWorker()
        try project.expect("celery run --wait cat", input: "not for the worker", Ended("\n"))
        try project.expect("celery run --wait echo '{\"a\":  1.10}'", Ended("{\"a\":  1.10}\n"))
        try project.expect("celery run --wait --json seq 2 | jq -c .result", Ended("\"1\\n2\"\n"))
        try project.expect("celery run --wait sh -c 'echo out; echo err >&2'", Ended("out\n", errors: "err\n"))
    }

    @Test func `--wait exits with the status of the command`() throws {
        let project = try Project()
        try project.startWorker()
        for status in [1, 3, 74, 77, 123, 124, 125, 126, 127, 130, 200, 255] {
            let ended = try project.run("celery run --wait sh -c 'exit \(status)'")
            #expect(ended == Ended(errors: "CalledProcessError: sh returned exit status \(status)\n", status: Int32(status)))
        }
        #expect(try project.run("celery run --wait sh -c 'kill -TERM $$'").status == 143)
        #expect(try project.run("celery run --wait --max-retries 0 sh -c 'exit 75'").status == 75)
        let missing = try project.run("celery run --wait no-such-program x")
        #expect(missing.status == 127)
        #expect(missing.errors == "celery run: warning: 'no-such-program' is not a program that can be run now\nFileNotFoundError: 2, cannot run no-such-program: command not found\n")
        #expect(try project.run("celery run --wait ./no/such").status == 127)
        try project.write("#!/bin/sh\n", to: "plain")
        #expect(try project.run("celery run --wait ./plain").status == 126)
        // The worker sees the command only when its folder is gone.
        try project.haltWorker()
        let gone = try project.run("mkdir gone; cd gone; celery run true; cd ..; rmdir gone").text
        try project.signalWorker(SIGCONT)
        #expect(try project.run("celery result --wait \(gone)").status == 127)
        #expect(try project.run("celery run --wait --time-limit 0.3 sleep 60").errors.hasPrefix("TimeLimitExceeded"))
    }

    @Test func `a command that exceeds its time limit costs no child of the pool, and its last words are kept`() throws {
        let project = try Project()
        try project.startWorker("-c 1")
        let id = try project.run("celery run --time-limit 2 sh -c 'trap \"\" TERM; echo why >&2; sleep 60'").text
        #expect(try project.run("celery result --wait --json \(id)").output.contains("TimeLimitExceeded"))
        #expect(try project.run("celery logs --stderr \(id)") == Ended("why\n"))
        #expect(try project.run("celery run --wait echo on") == Ended("on\n"))
        #expect(!project.log.contains("pool child"))
    }

    @Test func `the options of apply work`() throws {
        let project = try Project()
        let id = try project.run("celery run --task-id mine --queue side --priority 5 --expires 1h --key once true").text
        #expect(id == "mine")
        #expect(try project.run("celery run --key once --queue side false").text == "mine")
        #expect(try project.run("celery status -l mine").output.contains("task=celery.run"))
        let late = try project.run("celery run --countdown 1h true").text
        #expect(try project.run("celery explain \(late)").output.contains("it may not begin before"))
        try project.startWorker("-Q side,celery")
        #expect(try project.run("celery result --wait mine").status == 0)
        let trying = try project.run("celery run --wait --max-retries 2 --retry-delay 0 sh -c 'test $CELERY_TASK_RETRIES = 2 || exit 75'")
        #expect(trying == Ended("\n"))
        let linked = try project.run("celery run --link demo.tasks.add echo 1").text
        #expect(try project.run("celery result --wait \(linked)").text == "1")
        #expect(try project.run("celery run --expires 0.001 --wait true; echo $?").lines == ["125"])
    }

    @Test func `errors of usage are noticed before anything is sent`() throws {
        let project = try Project()
        for (line, text) in [
            ("run", "operand COMMAND is missing"), ("run --", "operand COMMAND is missing"), ("run ''", "the name of the command is empty"),
            ("run --env UNSET_HERE true", "option '--env': the variable UNSET_HERE is not set"),
            ("run --env CELERY_X=1 true", "option '--env': variables that begin with CELERY_ are set by the worker"),
            ("run --env =1 true", "option '--env': '=1' has no name of a variable"),
            ("run --task-id a --after a true", "a task cannot come after itself"),
            ("run --key-ttl 1h true", "--key-ttl goes with --key"),
            ("apply celery.run true", "task 'celery.run' needs a signed message, which only celery run makes"),
        ] {
            let ended = try project.run("celery \(line)")
            #expect(ended.status == 64 && ended.errors.contains(text), "celery \(line): \(ended)")
        }
        #expect(try project.run("celery run --after no-such true").status == 127)
        #expect(try project.run("celery queues").output == "")
    }

    @Test func `celery tasks, status and explain show commands`() throws {
        let project = try Project()
        try project.startWorker()
        #expect(try project.run("celery tasks").lines.contains("celery.run\tany command"))
        #expect(try project.run("celery tasks --remote").output.contains("celery.run\t"))
        let id = try project.run("celery run sh -c 'sleep 60' $'\\e[2J'").text
        #expect(try eventually { try project.state(of: id) == "STARTED" })
        #expect(try project.run("celery status").output.contains("sh -c 'sleep 60' '\\u{1b}[2J'"))
        #expect(try project.run("celery explain \(id)").output.contains("command:    sh -c 'sleep 60' '\\u{1b}[2J'"))
        for line in ["status", "status --json", "status -l \(id)", "explain \(id)", "explain --json \(id)"] {
            let text = try project.run("celery \(line)").output
            #expect(!text.unicodeScalars.contains { $0.value == 0x1B }, "celery \(line): \(text)")
        }
        #expect(try project.run("celery status -l \(id)").output.contains("\tcommand=sh -c 'sleep 60' '\\u{1b}[2J'\n"))
        _ = try project.run("celery revoke --terminate \(id)")
        try project.stopWorker()
        #expect(project.log.contains("celery.run: sh -c 'sleep 60' '\\u{1b}[2J'[\(id)]"))
        #expect(!project.log.unicodeScalars.contains { $0.value == 0x1B })
    }
}
