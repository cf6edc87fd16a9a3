import BrokerServer
import CeleryCore
import Client
import Glibc
import Logging
import Processes
import Worker
import ZeroMQ

/// A broker in its own process: its settings, its signals, and the server itself.
struct BrokerSession: Sendable {
    let context: CommandContext
    let settings: Settings
    let daemon: DaemonSession<ServerSignal>

    private var own: BrokerServerSettings { settings.brokerServer }

    /// Open files at most, nearly one for each client.
    private static let connections = 16_384

    /// - Returns: Whether the broker shall start again.
    func work() async throws -> Bool {
        let keys = try keys()
        let client = try context.client(fileSettings)
        OpenFileLimit.raise(to: Self.connections)
        let server = try start(client, keys)
        announce(server.address, keys?.pair.publicKey)
        daemon.ready()
        let isRestarting = await daemon.obeySignals()
        daemon.notifier?.stopping()
        await server.stop()
        await client.close()
        return isRestarting
    }

    /// The settings with the project's own file: on the broker's machine, too, the settings may name the broker as clients do.
    private var fileSettings: Settings {
        var settings = settings
        if !settings.brokerURL.hasPrefix("sqlite:") { settings.brokerURL = Settings(projectFolder: settings.projectFolder).brokerURL }
        settings.resultURL = settings.brokerURL
        return settings
    }

    /// - Returns: `nil` for plain connections, if there is no key.
    /// - Throws: `CommandError` for an address that others can reach while nobody can prove who they are.
    private func keys() throws -> (pair: CurveKeyPair, clients: ClientList)? {
        guard let pair = try CurveKeyFile.read(own.keyFile) else {
            guard own.address.isLocal else {
                throw CommandError(
                    ExitCode.configuration, "cannot listen on \(own.address), which other machines can reach, without the key \(own.keyFile)",
                    hint: "make it with 'celery broker --keygen', or listen on tcp://127.0.0.1:5556")
            }
            return nil
        }
        do throws(ClientList.Mistake) {
            return (pair, try ClientList(file: own.clientsFile))
        } catch {
            throw CommandError(ExitCode.configuration, error.description, hint: error.hint)
        }
    }

    private func start(_ client: Client, _ keys: (pair: CurveKeyPair, clients: ClientList)?) throws -> BrokerServer {
        let terms = BrokerServer.Terms(
            address: own.address.description, broker: client.broker, store: try client.store,
            keys: keys.map { ($0.pair.secretKey, $0.clients) }, redaction: settings.redaction,
            ending: { [webhooks = WebhookRule(settings)] in RevokedTask.outcome(of: $0, attempt: $1, by: $2, now: $3, webhooks: webhooks) },
            note: { [logger = daemon.logger] in logger.info("\($0)") })
        do {
            return try BrokerServer(terms)
        } catch let error as ZMQError where error.code == .address {
            throw CommandError(ExitCode.cannotCreate, "cannot listen on \(own.address): \(error.message)")
        }
    }

    private func announce(_ address: String, _ key: CurveKey?) {
        let port = address.split(separator: ":").last.map(String.init) ?? ""
        let host = own.address.host == "*" || own.address.host == "0.0.0.0" || own.address.host == "::" ? HostName.current : own.address.host
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let url = "zmq://\(shown):\(port)" + (key.map { "?server_key=\($0.text)" } ?? "")
        if !context.output.isQuiet { context.output.error("Celery \(Version.text) broker answers at \(url)") }
        daemon.logger.info("Answering at \(url)")
        if key == nil { daemon.logger.warning("Connections are plain, and may not control or purge: make a key with 'celery broker --keygen'") }
    }
}
