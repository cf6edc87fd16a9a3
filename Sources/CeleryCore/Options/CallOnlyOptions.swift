/// Options that only a call may set: `celery apply`, a line of a batch and, where it makes sense, a periodic task.
public struct CallOnlyOptions: Sendable {
    /// Sets the ETA to this long from now.
    public let countdown = TaskOption(
        "countdown", OptionKind<Duration>.duration(), help: "Run the task after this delay, in seconds or as 90s, 10m, 2h, 1d.",
        places: Self.now, travel: .nowhere
    ) { countdown, values in if let countdown { values[Self.table.eta] = .now + countdown } }
    /// The task does not run before this time.
    public let eta: TaskOption<Timestamp?> = TaskOption(
        "eta", OptionKind<Timestamp>.moment,
        help: "Do not run the task before TIME: ISO 8601, HH:MM, or 'tomorrow 06:00', in the local zone unless one is written.",
        places: Self.now, travel: .field(write: { $1.eta = $0 }))
    /// The task does not run after this time.
    public let expires = TaskOption(
        "expires", OptionKind<Timestamp>.momentOrDuration, help: "Do not run the task after this many seconds, or after TIME.",
        places: Self.now, travel: .field(write: { $1.expires = $0 }))
    /// The exchange the message is published to.
    public let exchange = TaskOption(
        "exchange", OptionKind<String>.exchange, help: "Publish to this exchange; needs a routing key.", places: .calls,
        travel: .field(write: { $1.route.exchange = $0 }), form: OptionForm(placeholder: "E"))
    /// The routing key the message is published with.
    public let routingKey = TaskOption(
        "routing_key", OptionKind<String>.routingKey, help: "Publish with this routing key.", places: .calls,
        travel: .field(write: { $1.route.routingKey = $0 }), form: OptionForm(placeholder: "K"))
    /// Where the result is sent when the task has ended: a webhook.
    public let callbackURL = TaskOption(
        "callback_url", OptionKind<String>.webURL,
        help: "Send the result to URL by POST when the task has ended; CELERY_HTTP_HOSTS of the worker must list its host.", places: .calls,
        form: OptionForm(long: "callback"))
    /// Headers added to the message.
    public let headers: TaskOption<JSONObject> = TaskOption(
        "headers", OptionKind<JSONObject>.object, default: [:], fallback: .nothing,
        help: "Add these headers to the message.", callHelp: "Add a header to the message; V is JSON if it parses as JSON.",
        places: .calls,
        travel: .field(write: { headers, message in
            // An explicit option takes precedence over its header.
            for (name, value) in headers.members where message.headers[name] == nil { message.headers[name] = value }
        }),
        form: OptionForm(long: "header", repeats: true)
    ) { headers, values in
        var all = values[Self.table.headers] ?? [:]
        for (name, value) in headers.members { all[name] = value }
        values[Self.table.headers] = all
    }

    /// Places that describe a message sent now.
    private static let now: OptionPlaces = [.commandLine, .batch]

    /// The only instance: options are compared by identity.
    package static let table: CallOnlyOptions = .init()

    private init() {}

    var rows: [any AnyTaskOption] { [countdown, eta, expires, exchange, routingKey, callbackURL, headers] }
}
