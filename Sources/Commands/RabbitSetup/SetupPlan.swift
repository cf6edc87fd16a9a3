import CeleryCore

/// The report of what exists and what changes, and the steps in order.
struct SetupPlan: Sendable {
    var items: [Item] = []
    var steps: [SetupStep] = []
    /// The password of the user after all steps, if known.
    var password: Secret?

    /// A line of the report.
    struct Item: Sendable, Hashable {
        /// `user`, `virtual host`, `permissions`, `exchange`, `queue` or `binding`.
        var object: String
        var name: String
        var state: State
        /// Further information.
        var detail: String?
    }

    enum State: String, Sendable {
        case present = "already there"
        case created
        case changed
    }

    /// All steps, for an empty broker.
    init(_ wish: SetupWish) {
        password = wish.password.secret
        steps = [
            .createVirtualHost(wish.vhost), .declare(wish.objects, vhost: wish.vhost),
            .createUser(wish.user, wish.password.secret),
            .setPermissions(user: wish.user, vhost: wish.vhost, wish.permissions),
        ]
    }

    /// The steps that a broker needs.
    ///
    /// - Throws: `CommandError` with status 65 if an existing object conflicts with the wanted one.
    init(_ wish: SetupWish, at survey: BrokerSurvey) throws {
        for queue in wish.objects.queues { try Self.check(queue, survey, wish) }
        for exchange in wish.objects.exchanges { try Self.check(exchange, survey, wish) }
        // Create the user late: if an earlier step fails, no unseen password is in force.
        add("virtual host", wish.vhost, survey.hasVirtualHost ? .present : .created)
        if !survey.hasVirtualHost { steps.append(.createVirtualHost(wish.vhost)) }
        let missing = survey.missing(of: wish.objects)
        if !missing.isEmpty { steps.append(.declare(missing, vhost: wish.vhost)) }
        for exchange in wish.objects.exchanges {
            add("exchange", exchange.name, survey.exchanges[exchange.name] == nil ? .created : .present)
        }
        for queue in wish.objects.queues {
            let arguments = survey.queues[queue.name]?.arguments ?? []
            add(
                "queue", queue.name, survey.queues[queue.name] == nil ? .created : .present,
                arguments.isEmpty ? nil : "with \(arguments.joined(separator: ", ")), which workers must also declare")
        }
        for binding in missing.bindings where survey.queues[binding.queue] != nil { add("binding", binding.queue, .created) }
        planUser(wish, survey)
        planPermissions(wish, survey)
    }

    private mutating func add(_ object: String, _ name: String, _ state: State, _ detail: String? = nil) {
        items.append(Item(object: object, name: name, state: state, detail: detail))
    }

    private mutating func planUser(_ wish: SetupWish, _ survey: BrokerSurvey) {
        guard let tags = survey.userTags else {
            password = wish.password.secret
            add("user", wish.user, .created)
            steps.append(.createUser(wish.user, wish.password.secret))
            return
        }
        switch wish.password {
        case .given(let secret):
            password = secret
            add("user", wish.user, .changed, "password set")
            steps.append(.changePassword(wish.user, secret, tags: tags))
        case .fromSettings(let secret):
            password = secret
            add("user", wish.user, .present)
        case .generated:
            add("user", wish.user, .present)
        }
    }

    private mutating func planPermissions(_ wish: SetupWish, _ survey: BrokerSurvey) {
        let wanted = wish.permissions
        if survey.permissions == wanted { return add("permissions", wish.user, .present) }
        steps.append(.setPermissions(user: wish.user, vhost: wish.vhost, wanted))
        guard let former = survey.permissions else { return add("permissions", wish.user, .created) }
        let words = [former.configure, former.write, former.read].map(ShellWord.quoted).joined(separator: " ")
        add("permissions", wish.user, .changed, "they were \(words)")
    }

    private static func check(_ queue: BrokerObjects.Queue, _ survey: BrokerSurvey, _ wish: SetupWish) throws {
        guard let found = survey.queues[queue.name] else { return }
        var differences: [String] = []
        if found.type != queue.type { differences.append("a \(found.type) queue, not a \(queue.type) one") }
        if found.maxPriority != queue.maxPriority {
            let words = { (highest: Int?) in highest.map { "with priorities up to \($0)" } ?? "without priorities" }
            differences.append("\(words(found.maxPriority)), not \(words(queue.maxPriority))")
        }
        if !found.isDurable { differences.append("not durable") }
        if found.isAutoDelete { differences.append("deleted with its last consumer") }
        if found.isExclusive { differences.append("exclusive to another connection") }
        guard !differences.isEmpty else { return }
        var ways = "let workers empty it, delete it (rabbitmqctl delete_queue -p \(ShellWord.quoted(wish.vhost)) \(ShellWord.quoted(queue.name))) and run this again"
        if found.type != queue.type {
            ways += wish.isQuorum ? ", or leave out --quorum" : ", or set CELERY_DEFAULT_QUEUE_TYPE = \"\(found.type)\""
        } else if found.maxPriority != queue.maxPriority {
            ways += ", or set CELERY_QUEUE_MAX_PRIORITY = \(found.maxPriority ?? 0)"
        }
        throw conflict("queue", queue.name, differences, wish, hint: ways)
    }

    private static func check(_ exchange: BrokerObjects.Exchange, _ survey: BrokerSurvey, _ wish: SetupWish) throws {
        guard let found = survey.exchanges[exchange.name] else { return }
        var differences: [String] = []
        if found.type != exchange.type { differences.append("of type \(found.type), not \(exchange.type)") }
        if !found.isDurable { differences.append("not durable") }
        if found.isAutoDelete { differences.append("deleted with its last queue") }
        guard !differences.isEmpty else { return }
        throw conflict(
            "exchange", exchange.name, differences, wish, hint: "delete it, or choose another virtual host with --vhost")
    }

    private static func conflict(
        _ object: String, _ name: String, _ differences: [String], _ wish: SetupWish, hint: String
    ) -> CommandError {
        CommandError(
            ExitCode.badData,
            "\(object) '\(name)' on virtual host '\(wish.vhost)' is \(differences.joined(separator: ", and ")); nothing was changed",
            hint: hint)
    }
}
