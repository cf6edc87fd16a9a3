import Arguments
import CeleryCore
import Configuration
import Glibc
import Processes

/// `celery rabbit-setup`: what the original's README had people type by hand.
///
/// It looks at the broker (`BrokerSurvey`), compares that with what is wanted (`SetupWish`), which gives a plan of
/// steps (`SetupPlan`), and takes them, all through one of two ways (`BrokerAdministration`):
/// `rabbitmqctl` (`ControlProgram`) or the management API (`ManagementService`).
enum RabbitSetupCommand {
    static let command = Command(
        CommandSpec(
            "rabbit-setup", section: "Project", summary: "Set up a RabbitMQ broker for workers",
            discussion: discussion, options: RabbitSetupOptions.all,
            examples: [
                Example("celery rabbit-setup --user myuser --vhost myvhost >>celery.toml", "Set up the broker of this machine, as root, and note the settings."),
                Example("celery rabbit-setup --quorum --api https://rabbit.example.com:15671 --admin-user admin --admin-password-file admin.txt", "Set up a cluster from afar."),
                Example("celery rabbit-setup --user myuser --vhost myvhost --dry-run", "Print the commands, for whoever runs the broker."),
            ],
            exitStatuses: [
                ExitStatus(0, "All is there."), ExitStatus(64, "Usage: a bad option or name."),
                ExitStatus(65, "Something is there and is not as it must be, or the broker refuses it; of what was found first, nothing was changed."),
                ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(75, "The broker took the changes and does not show them yet."),
                ExitStatus(77, "No permission to administer the broker."),
                ExitStatus(78, "Configuration: neither rabbitmqctl nor --api, or not a management API."),
            ],
            outputKeys: [
                OutputKey("object", "What it is: user, virtual host, permissions, exchange, queue or binding."),
                OutputKey("name", "Its name; of permissions, the user."),
                OutputKey("state", "created, changed, or already there."), OutputKey("detail", "More about it, if there is more."),
                OutputKey("settings", "In the last object: the settings for celery.toml, by name."),
                OutputKey("command", "With --dry-run, the only key: a command or request."),
            ],
            notes: notes),
        launch: { context in .exit(try run(context)) })

    private static let discussion = [
        "Makes a user, a virtual host, the permissions of the one on the other, and the exchanges and queues that workers share: after it a worker can run with the settings it prints. The settings go to standard output, what was done to standard error.",
        "May be run again and again: what is there already stays, and is said to be there. The password of a user who is there is changed only when --password or --password-file gives one. Without a password a new user gets a random one, which is printed once, in the settings.",
        "Of the settings, only what celery.toml lacks is printed, and it may be appended to the file. Lines that would contradict what stands there, or would fall into a table at its end, are printed as comments, and standard error tells where they belong; when the file leads to the broker already, nothing is printed.",
        "A queue or exchange that is there but of another type ends the command before anything is changed.",
        "Works through rabbitmqctl, which mostly has to be run by root on the broker's own machine, or through the management API (--api), from anywhere.",
    ]

    private static let notes = [
        "Permissions are the least that works, for this program and for Python's. The user may declare, publish to, bind and consume from: the queue and exchange celery, and those that the settings or --queues name; the exchange celeryev with queues celeryev.UUID and celery.events (events); the exchanges celery.pidbox and reply.celery.pidbox with queues whose names end in .celery.pidbox (remote control); the exchange celeryresults with queues named by 32 hexadecimal digits (results over amqp://); celery_delayed_0 to celery_delayed_27 and celery_delayed_delivery (times far off). The user may declare and consume from queues named by a UUID, or by celery.reply. and a UUID or 32 hexadecimal digits (results over rpc://), or whose names begin with celery.beat. (what beat keeps), and may publish to the default exchange. Nothing else: no other queue or exchange, and no other virtual host. Results over amqp:// so need task ids as they are made here: one chosen with --task-id that is no UUID names a queue that the user may not declare.",
        "Whoever may publish to the default exchange can send to every queue of the virtual host, and tasks and results are sent that way. So applications that shall not reach each other need a virtual host each.",
        "Permissions of the user on the virtual host that differ are replaced, and said.",
        "RabbitMQ before 1.6 has no permissions: there 'rabbitmqctl map_user_vhost USER VHOST' gives a user all of a virtual host, as the original README says. This command does not set up such a server.",
    ]

    private static func run(_ context: CommandContext) throws -> Int32 {
        let wish = try SetupWish(context)
        let administration = try administration(context, wish)
        let output = context.output
        if context.arguments[RabbitSetupOptions.dryRun] {
            for line in SetupPlan(wish).steps.flatMap(administration.shown) {
                output.record(["command": .string(line)], text: line)
            }
            return ExitCode.done
        }
        let survey = try administration.survey(wish)
        let plan = try SetupPlan(wish, at: survey)
        let lines = SettingsLines(wish, listener: survey.listener, host: administration.host, password: plan.password)
        let advice = SettingsAdvice(lines, wish, password: plan.password, try context.writtenSettings())
        var isUserMade = false
        do {
            for step in plan.steps {
                if context.arguments[GlobalOptions.verbose] > 0 { administration.shown(step).forEach(output.note) }
                try administration.perform(step)
                if case .createUser = step { isUserMade = true }
            }
        } catch {
            // The next run will find the user, and nobody would know the password.
            if isUserMade { print(lines, advice, to: output) }
            throw error
        }
        for item in plan.items { print(item, to: output) }
        print(lines, advice, to: output)
        return ExitCode.done
    }

    private static func print(_ item: SetupPlan.Item, to output: Output) {
        guard output.format == .text else {
            var object: JSONObject = [
                "object": .string(item.object), "name": .string(item.name), "state": .string(item.state.rawValue),
            ]
            object["detail"] = item.detail.map(JSON.string)
            return output.raw(JSON.object(object).text().printableJSON)
        }
        let object = item.object == "permissions" ? "permissions of" : item.object
        output.note("\(object) \(item.name): \(item.state.rawValue)" + (item.detail.map { " (\($0))" } ?? ""))
    }

    private static func print(_ lines: SettingsLines, _ advice: SettingsAdvice, to output: Output) {
        guard output.format == .text else { return output.raw(JSON.object(["settings": .object(lines.settings)]).text().printableJSON) }
        if let hint = advice.hint {
            output.error("celery rabbit-setup: \(advice.remark)")
            output.error("hint: \(hint)")
        } else {
            output.note(advice.remark)
        }
        advice.lines.forEach(output.raw)
    }

    private static func administration(_ context: CommandContext, _ wish: SetupWish) throws -> any BrokerAdministration {
        let arguments = context.arguments
        let named = arguments[RabbitSetupOptions.control]
        let url = arguments[RabbitSetupOptions.api]
        if let url, named == nil { return try ManagementService(url, arguments) }
        // What the environment says gives way to an option; two options contradict each other.
        guard url == nil || url == context.environment["CELERY_RABBIT_API"] else {
            throw ArgumentError("--api and --rabbitmqctl are two ways to the same broker; choose one")
        }
        for (option, isGiven) in [
            ("--admin-user", arguments[RabbitSetupOptions.adminUser] != nil),
            ("--admin-password-file", arguments[RabbitSetupOptions.adminPasswordFile] != nil),
            ("--api-ca", arguments[RabbitSetupOptions.apiAuthority] != nil),
        ] where isGiven { throw ArgumentError("\(option) goes with --api URL") }
        for name in [wish.user, wish.vhost] + wish.names {
            // Debian's rabbitmqctl hands its words to a shell, in double quotes.
            guard !name.contains(where: { "\"$`\\".contains($0) }), !name.hasPrefix("-") else {
                throw ArgumentError(
                    "\(ArgumentError.quote(name)) is not a name that rabbitmqctl takes unharmed", hint: "use the management API: --api URL")
            }
        }
        // Commands to be copied are for some other machine, perhaps.
        let found = arguments[RabbitSetupOptions.dryRun] ? "rabbitmqctl" : ProgramSearch.find("rabbitmqctl", path: context.environment["PATH"])
        guard let program = named ?? found else {
            throw CommandError(
                ExitCode.configuration, "no rabbitmqctl on this machine",
                hint: "name the management API with --api http://ADMIN:PASSWORD@HOST:15672, or run this on the broker's machine")
        }
        return ControlProgram(program: program, environment: Environment(context.environment))
    }
}
