import Arguments
import CeleryCore
import Configuration
import Glibc
import Processes

/// `celery rabbit-setup`: performs the setup that the original's README describes.
///
/// The command compares the state of the broker (`BrokerSurvey`) with the wanted state (`SetupWish`), makes a plan
/// of steps (`SetupPlan`), and performs them. It reaches the broker (`BrokerAdministration`) through
/// `rabbitmqctl` (`ControlProgram`) or the management API (`ManagementService`).
enum RabbitSetupCommand {
    static let command = Command(
        CommandSpec(
            "rabbit-setup", section: "Project", summary: "Set up a RabbitMQ broker for workers",
            discussion: discussion, options: RabbitSetupOptions.all,
            examples: [
                Example("celery rabbit-setup --user myuser --vhost myvhost >>celery.toml", "As root, set up the broker on this machine and store the settings."),
                Example("celery rabbit-setup --quorum --api https://rabbit.example.com:15671 --admin-user admin --admin-password-file admin.txt", "Set up a remote cluster."),
                Example("celery rabbit-setup --user myuser --vhost myvhost --dry-run", "Print the commands for the administrator of the broker."),
            ],
            exitStatuses: [
                ExitStatus(0, "The broker is set up."), ExitStatus(64, "Usage: a bad option or name."),
                ExitStatus(65, "An existing object conflicts with the wanted one, and nothing was changed; or the broker refuses a change."),
                ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(75, "The broker accepted the changes but does not list them yet."),
                ExitStatus(77, "No permission to administer the broker."),
                ExitStatus(78, "Configuration: neither rabbitmqctl nor --api, or not a management API."),
            ],
            outputKeys: [
                OutputKey("object", "The kind of object: user, virtual host, permissions, exchange, queue or binding."),
                OutputKey("name", "The name of the object; for permissions, the user."),
                OutputKey("state", "created, changed, or already there."), OutputKey("detail", "Further information, if any."),
                OutputKey("settings", "In the last object: the settings for celery.toml, by name."),
                OutputKey("command", "With --dry-run, the only key: a command or request."),
            ],
            notes: notes),
        launch: { context in .exit(try run(context)) })

    private static let discussion = [
        "Creates a user, a virtual host, the permissions of the user on the virtual host, and the exchanges and queues that workers share. A worker can then run with the settings that the command prints. The settings go to standard output, the actions to standard error.",
        "Safe to repeat: existing objects are kept and reported. The password of an existing user is changed only by --password or --password-file. Without a password, a new user gets a random one, which is printed once, in the settings.",
        "Prints only the settings missing from celery.toml, ready to be appended to the file. Lines that contradict the file, or would become part of a table at its end, are printed as comments, and standard error shows where they belong. If the settings already lead to the broker, nothing is printed.",
        "If a queue or exchange exists with another type, the command fails before it changes anything.",
        "Uses rabbitmqctl, which usually requires root on the broker's own machine, or the management API (--api), from any machine.",
    ]

    private static let notes = [
        "The user gets the minimal permissions for this program and Python's. The user may declare, publish to, bind and consume from: the queue and exchange celery, and those that the settings or --queues name; the exchange celeryev with queues celeryev.UUID and celery.events (events); the exchanges celery.pidbox and reply.celery.pidbox with queues whose names end in .celery.pidbox (remote control); the exchange celeryresults with queues named by 32 hexadecimal digits (results over amqp://); celery_delayed_0 to celery_delayed_27 and celery_delayed_delivery (distant ETAs). The user may declare and consume from queues named by a UUID, or by celery.reply. and a UUID or 32 hexadecimal digits (results over rpc://), or whose names begin with celery.beat. (state of beat), and may publish to the default exchange. No other queue, exchange or virtual host is accessible. Results over amqp:// therefore require UUIDs as task ids: any other id given with --task-id names a queue that the user may not declare.",
        "Tasks and results are published to the default exchange, and a user who may publish to it can send to every queue of the virtual host. Applications that must be isolated from each other therefore need separate virtual hosts.",
        "Differing permissions of the user on the virtual host are replaced, and the replaced ones are reported.",
        "RabbitMQ before 1.6 has no permissions: 'rabbitmqctl map_user_vhost USER VHOST' gives a user full access to a virtual host, as the original README describes. This command does not support such servers.",
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
            // The user exists now: print the password, which the next run could not.
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
        // The option --rabbitmqctl overrides the environment variable, but contradicts the option --api.
        guard url == nil || url == context.environment["CELERY_RABBIT_API"] else {
            throw ArgumentError("--api and --rabbitmqctl are two ways to the same broker; choose one")
        }
        for (option, isGiven) in [
            ("--admin-user", arguments[RabbitSetupOptions.adminUser] != nil),
            ("--admin-password-file", arguments[RabbitSetupOptions.adminPasswordFile] != nil),
            ("--api-ca", arguments[RabbitSetupOptions.apiAuthority] != nil),
        ] where isGiven { throw ArgumentError("\(option) goes with --api URL") }
        for name in [wish.user, wish.vhost] + wish.names {
            // Debian's rabbitmqctl passes its arguments through a shell, in double quotes.
            guard !name.contains(where: { "\"$`\\".contains($0) }), !name.hasPrefix("-") else {
                throw ArgumentError(
                    "\(ArgumentError.quote(name)) is not a name that rabbitmqctl handles safely", hint: "use the management API: --api URL")
            }
        }
        // A dry run prints commands that may be meant for another machine.
        let found = arguments[RabbitSetupOptions.dryRun] ? "rabbitmqctl" : ProgramSearch.find("rabbitmqctl", path: context.environment["PATH"])
        guard let program = named ?? found else {
            throw CommandError(
                ExitCode.configuration, "no rabbitmqctl on this machine",
                hint: "name the management API with --api http://ADMIN:PASSWORD@HOST:15672, or run this on the broker's machine")
        }
        return ControlProgram(program: program, environment: Environment(context.environment))
    }
}
