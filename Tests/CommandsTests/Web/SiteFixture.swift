import Arguments
import Brokers
import CeleryCore
import Fixtures
import Glibc
import Logging
import Processes
import ResultStores
import Synchronization

@testable import Client
@testable import Commands
@testable import WebServer

/// All that `celery web` serves of a made-up project, asked without a server.
final class SiteFixture: Sendable {
    let folder: TemporaryFolder
    let client: Client
    let origins: OriginCheck
    let log = LogMemory()
    private let router: WebRouter

    /// The user that runs the tests, on this machine: needs no credentials.
    static let here = WebPeer(address: [127, 0, 0, 1], user: geteuid())
    /// Somebody elsewhere.
    static let elsewhere = WebPeer(address: [192, 0, 2, 1])

    /// - Parameters:
    ///   - settings: Lines of celery.toml.
    ///   - auth: Lines of the file of credentials.
    ///   - folder: Of another fixture, to be a second server of its project.
    ///   - broker: Another broker than the project's file.
    init(_ settings: String = "", auth: String? = nil, in folder: TemporaryFolder = TemporaryFolder(), broker: (any Broker)? = nil) throws {
        self.folder = folder
        try folder.write(settings, to: "celery.toml")
        let context = CommandContext(
            arguments: try ArgumentParser.parse(["web"], table: CeleryTable.table), output: Output(isQuiet: true), environment: [:],
            folder: folder.path, builtIn: [], role: .foreground)
        let read = try context.settings()
        client = try broker.map { Client(settings: read, broker: $0, store: MemoryResultStore(), environment: [:]) } ?? context.client(read)
        let log = log
        let logger = Logger(label: "test") { _ in log }
        let guarding = try WebGuard(read.web, try auth.map { try WebCredentials(text: $0) }, failureDelay: .zero)
        origins = guarding.origins
        router = WebRouter(try WebSite(context: context, client: client, origins: origins, logger: logger).routes, guarding, origins: read.web.origins)
    }

    /// The token of the forms that the user of this machine gets.
    var formToken: String { origins.token(for: WebIdentity(Self.here.description, [.read, .act])) }

    /// The answer as it leaves the server. A target that is none is refused before it comes to a route.
    func ask(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = [], peer: WebPeer = SiteFixture.here
    ) async -> WebResponse {
        let request: WebRequest
        do throws(WebRefusal) {
            var fields = headers.map { WebField($0.0.lowercased(), $0.1) }
            if !fields.contains(where: { $0.name == "host" }) { fields.append(WebField("host", "localhost")) }
            request = WebRequest(method, try WebTarget(parsing: target), headers: fields, body: body, peer: peer)
            try request.check()
        } catch {
            return StrictHeaders.applied(to: WebResponse(error))
        }
        switch RefusalPage.applied(to: router.answer(request), of: request) {
        case .now(let response): return response
        case .later(let work): return await work()
        }
    }
}

/// A log that remembers its lines.
final class LogMemory: LogHandler {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func log(event: LogEvent) { kept.withLock { $0.append("\(event.message)") } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? { get { nil } set {} }
    var metadata: Logger.Metadata { get { [:] } set {} }
    var logLevel: Logger.Level { get { .trace } set {} }
}
