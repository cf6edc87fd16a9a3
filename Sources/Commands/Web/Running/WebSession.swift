import CeleryCore
import Client
import Glibc
import Logging
import Processes
import WebServer

/// A server in its own process: its settings, its signals, and the server itself.
struct WebSession: Sendable {
    let context: CommandContext
    let settings: Settings
    let daemon: DaemonSession<ServerSignal>

    private var web: WebSettings { settings.web }

    /// - Returns: whether the server shall start again.
    func work() async throws -> Bool {
        let credentials = try web.credentials.map { try WebCredentials(file: $0) }
        try checkAddress(credentials)
        let guarding = try WebGuard(web, credentials)
        let client = try context.client(settings)
        let site = try WebSite(context: context, client: client, origins: guarding.origins, logger: daemon.logger)
        let router = WebRouter(site.routes, guarding, origins: web.origins)
        let socket = try ListeningSocket.open(web.address, group: try FileGroup.number(settings))
        defer { removeSocket() }
        let server = try WebServer(terms(socket)) { answer($0, router) }
        let following = Task { await site.events.run() }
        defer { following.cancel() }
        announce(socket)
        daemon.ready()
        let isRestarting = await daemon.obeySignals()
        daemon.notifier?.stopping()
        server.stop()
        await client.close()
        return isRestarting
    }

    /// The answer of the router. A login that failed is logged.
    private func answer(_ request: WebRequest, _ router: WebRouter) -> WebServer.Reply {
        let reply = RefusalPage.applied(to: router.answer(request), of: request)
        guard request.header("authorization") != nil, case .later(let work) = reply else { return reply }
        return .later {
            let response = await work()
            if response.status == 401 { daemon.logger.warning("A login from \(request.peer) was refused") }
            return response
        }
    }

    /// - Throws: `CommandError` for an address that others can reach while nobody can prove who they are, and for tasks that nobody
    ///   could submit.
    private func checkAddress(_ credentials: WebCredentials?) throws {
        if (web.certificate == nil) != (web.key == nil) {
            throw CommandError(ExitCode.configuration, "CELERY_WEB_CERTIFICATE and CELERY_WEB_KEY are set together or not at all")
        }
        if !web.submissions.isEmpty, credentials?.hasSubmitters != true {
            throw CommandError(
                ExitCode.configuration, "tasks can be submitted only with a token that has the right to, and there is none",
                hint: "add a line @NAME:SHA256:apply=PATTERN to a file of credentials, and name the file with --auth FILE")
        }
        guard !web.address.isLocal else { return }
        guard credentials != nil else {
            throw CommandError(
                ExitCode.configuration, "cannot listen on \(web.address), which other machines can reach, without credentials",
                hint: "name a file of users and tokens with --auth FILE, or listen on 127.0.0.1")
        }
        if web.certificate == nil {
            daemon.logger.warning("Passwords and tokens pass the network as they are: set CELERY_WEB_CERTIFICATE, or listen on 127.0.0.1 behind a proxy that encrypts")
        }
    }

    private func terms(_ socket: OwnedDescriptor) throws -> WebServer.Terms {
        var terms = WebServer.Terms(socket: socket)
        terms.threads = min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        terms.connections = web.connections
        OpenFileLimit.raise(to: web.connections + 64)
        if let certificate = web.certificate, let key = web.key {
            terms.tls = (try text(of: certificate), try text(of: key))
        }
        return terms
    }

    private func text(of file: String) throws -> String {
        let number = try Syscall.check("read TLS file", path: file) { open(file, O_RDONLY | O_CLOEXEC) }
        return String(decoding: try OwnedDescriptor(owning: number).readToEnd(), as: UTF8.self)
    }

    private func announce(_ socket: OwnedDescriptor) {
        var address = web.address
        if case .network(let host, 0) = address { address = .network(host: host, port: ListeningSocket.port(of: socket) ?? 0) }
        let scheme = web.certificate == nil ? "http" : "https"
        let place = if case .network = address { "\(scheme)://\(address)/" } else { address.description }
        if !context.output.isQuiet { context.output.error("Celery \(Version.text) web answers at \(place)") }
        daemon.logger.info("Answering at \(place)")
    }

    private func removeSocket() {
        if case .file(let path) = web.address { unlink(path) }
    }
}
