// A program for the tests of `Processes`: what can only be seen from a process of its own.
import Glibc
import Processes

let role: Role
do {
    role = try Role.take()
} catch {
    print(error)
    exit(70)
}
let words = CommandLine.arguments.dropFirst()

switch (words.first, role) {
case ("detach", .foreground):
    var daemonizer = Daemonizer(pidFile: words[2], logFile: words[3]) { say("notice: \($0)") }
    daemonizer.surroundings.umask = 0o027
    if words[4] == "stop" { daemonizer.patience = .seconds(2) }
    do {
        guard case .failed(let message, let status) = try daemonizer.launch() else { exit(0) }
        print(message)
        exit(status)
    } catch {
        print(error)
        exit(73)
    }
case ("detach", .daemon(let readiness, let pidFile)):
    switch words[4] {
    case "fail":
        pidFile?.remove()
        readiness.fail("cannot reach broker\nhint: start it", status: 69)
        exit(69)
    case "stop":
        say("about to stop")
        // The kernel wakes a stopped process by HUP when the process that started it ends: let it end first.
        while getsid(getppid()) == getsid(0) { usleep(1_000) }
        kill(getpid(), SIGSTOP)
        // The signal may stop another thread first, and this one a moment later.
        while true { pause() }
    case "crash":
        say("about to crash")
        _exit(3)
    default:
        describeDaemon()
        serve(pidFile, then: readiness.ready)
    }
case ("detach", .restarted(let pidFile, _)):
    say("restarted \(getpid())")
    serve(pidFile) {}
case ("hold", _):
    hold(words[2])
case ("drop", _):
    drop(user: words[2], group: words.count > 2 ? words[3] : nil)
case ("surroundings", _):
    let surroundings = Surroundings(workingDirectory: words[3], umask: 0o077, root: words[2])
    try surroundings.apply()
    let folder = getcwd(nil, 0)!
    print("folder \(String(cString: folder)) umask \(String(umask(0), radix: 8)) file \(access("/inside", F_OK))")
case ("reap", _):
    try reap(usesChildrenFiles: words[2] == "files", program: words[3], spares: words.dropFirst(3).first, keeps: words.dropFirst(4).first == "kept")
default:
    exit(64)
}

/// Prints a line at once: nothing is to be lost with `_exit` or `execve`.
func say(_ text: String) {
    print(text)
    fflush(nil)
}

/// The facts about a daemon that only it knows, one line.
func describeDaemon() {
    let stat = ProcessStat(getpid())!
    // Opening a terminal gives it to a session leader that has none: this must not happen to us.
    var (master, terminal): (Int32, Int32) = (0, 0)
    openpty(&master, &terminal, nil, nil, nil)
    _ = open(String(cString: ttyname(terminal)), O_RDWR)
    let hasTerminal = open("/dev/tty", O_RDWR) >= 0
    let leads = "session \(stat.session == getpid()) group \(stat.group == getpid())"
    say("daemon leads \(leads) terminal \(hasTerminal) variable \(getenv("CELERY_ROLE") != nil)")
}

/// Works until TERM; restarts at HUP.
func serve(_ pidFile: PIDFile?, then announce: () -> Void) -> Never {
    do {
        let signals = try Signals([SIGTERM: "end", SIGHUP: "restart"])
        announce()
        if try signals.next(timeout: nil)?.action == "restart" { try OwnExecutable.restart(keeping: pidFile) }
        say("ended")
        pidFile?.remove()
        exit(0)
    } catch {
        print(error)
        exit(70)
    }
}

/// Holds a pidfile until standard input ends.
func hold(_ path: String) {
    do {
        let file = try PIDFile.acquire(at: path)
        say("held")
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) > 0 {}
        file.remove()
    } catch {
        say("refused: \(error)")
    }
}

func drop(user: String, group: String?) {
    do {
        let privileges = try Privileges(user: user, group: group)!
        try privileges.drop()
        try privileges.drop()
        var groups = [gid_t](repeating: 0, count: 64)
        let count = getgroups(64, &groups)
        print("user \(getuid()) \(geteuid()) group \(getgid()) \(getegid()) groups \(groups.prefix(Int(count)).sorted())",
            "back \(setuid(0)) \(setgid(0))")
    } catch {
        print(error)
    }
}

/// Runs a program to its end, then says what was left of it.
func reap(usesChildrenFiles: Bool, program: String, spares: String?, keeps: Bool) throws {
    try Descendants.becomeSubreaper()
    var task = Spawn(program, arguments: [program], environment: .current())
    task.placement = .newGroup
    let spared = try spares.map { length in
        let sleep = Spawn("/bin/sleep", arguments: ["sleep", length], environment: .current())
        return keeps ? try Descendants.keeping { () throws(SystemError) in try sleep.start() } : try sleep.start()
    }
    _ = try task.start().wait()
    let table = ProcessTable(usesChildrenFiles: usesChildrenFiles)
    let reaped = Descendants.reap(sparing: keeps ? [] : Set(spared.map { [$0.id] } ?? []), table: table)
    let rest = table.descendants(of: getpid())
    print("killed \(reaped.killed.count) survivors \(reaped.survivors.count) left \(rest.count)")
    try spared?.signal(SIGKILL)
    if let status = try spared?.wait().status { print("spared ended by \(status)") }
}
