/// The settings of `celery web`.
public struct WebSettings: Sendable, Equatable {
    public var address = WebAddress.standard
    /// The file of users and tokens, absolute; `nil` without one.
    public var credentials: String?
    /// Whether nobody may act, whatever their rights.
    public var isReadOnly = false
    /// Whether the status of a task whose id is known is shown without credentials.
    public var showsStatusToAll = false
    /// Requests a second that one address may make without credentials.
    public var publicRate = 20
    /// Whether return values and errors are left out of what is shown.
    public var hidesResults = false
    /// Tasks that may be submitted by whoever has a token for them; none by default.
    package var submissions: [SubmissionPattern] = []
    /// Requests a second that one token may make to submit tasks; 0 is no limit.
    public var submissionRate = 50
    /// Names by which browsers may call the server, besides those of this machine.
    public var hosts: [String] = []
    /// Origins whose pages may read the status URL, such as `https://shop.example`.
    public var origins: [String] = []
    /// Connections at most.
    public var connections = 2_000
    /// PEM files of TLS, absolute; both or none.
    public var certificate: String?
    public var key: String?
    public var logFile: String
    public var logLevel = "INFO"
    public var pidFile: String

    /// - Parameter folder: Of the project, with a final slash.
    init(folder: String) {
        logFile = folder + "celeryweb.log"
        pidFile = folder + "celeryweb.pid"
    }
}
