// A broker and its result store for other machines: `celery broker`.
//
// One thread owns the sockets (`ServerLoop`). Each request is a concurrency task, which calls the broker or store as any client on this
// machine would (`Answers`); requests that arrive together are committed together. What a client was promised is in the file. The server
// itself has only subscriptions, seats and feeds, which clients open again when it comes back.

package import CeleryCore
import CeleryZMQ
import Dispatch
import Processes
import Streams
import Synchronization
package import ZeroMQ

/// A running server.
package final class BrokerServer: Sendable {
    /// The outcome of a revoked message, from its next attempt, the name of who revokes, and the time.
    package typealias Ending = @Sendable (Message, _ attempt: Int, _ name: String, _ now: Timestamp) -> Outcome

    /// What a server is started with.
    package struct Terms: Sendable {
        /// As ZeroMQ writes it; port 0 takes a free one.
        package var address: String
        package var broker: any Broker
        package var store: any ResultStore
        /// The secret key, and who may connect; `nil` without encryption.
        package var keys: (secret: CurveKey, clients: ClientList)?
        package var ending: Ending
        package var redaction: Redaction
        /// Takes what is worth a line in the log.
        package var note: @Sendable (String) -> Void
        /// The server's clock: a client's says nothing about what has expired.
        package var now: @Sendable () -> Timestamp = { .now }

        package init(
            address: String, broker: any Broker, store: any ResultStore, keys: (secret: CurveKey, clients: ClientList)?, redaction: Redaction,
            ending: @escaping Ending, note: @escaping @Sendable (String) -> Void
        ) {
            (self.address, self.broker, self.store, self.keys) = (address, broker, store, keys)
            (self.redaction, self.ending, self.note) = (redaction, ending, note)
        }
    }

    /// Where it listens, with the port that the system chose.
    package let address: String
    private let core: LoopCore<ServerJob>
    private let pulse: Task<Void, Never>

    /// Starts to listen. Blocks until it does.
    ///
    /// - Throws: `ZMQError`; `SystemError`.
    package init(_ terms: Terms) throws {
        let core = try LoopCore<ServerJob>()
        let service = Service(terms)
        let start = Start()
        WorkThread.start {
            Self.serve(terms, service, core, start)
            core.ended.set(())
        }
        address = try start.result().get()
        self.core = core
        pulse = Task { await service.pulse.run() }
    }

    /// Opens the sockets, answers, and closes them: when it returns, the port is free.
    private static func serve(_ terms: Terms, _ service: Service, _ core: LoopCore<ServerJob>, _ start: Start) {
        do throws(ZMQError) {
            let loop = try ServerLoop(terms, service, core)
            start.end(.success(loop.address))
            loop.run()
        } catch {
            start.end(.failure(error))
        }
    }

    /// The address, or why there is none, from the thread that opens the sockets and keeps them.
    private final class Start: Sendable {
        private let value = Mutex<Result<String, ZMQError>?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func end(_ result: Result<String, ZMQError>) {
            value.withLock { $0 = result }
            done.signal()
        }

        func result() -> Result<String, ZMQError> {
            done.wait()
            return value.withLock { $0 } ?? .failure(ZMQError(.system, "ZeroMQ cannot start"))
        }
    }

    /// Stops to answer. Clients see their connections end, and try elsewhere or again; the subscriptions of workers go on at the next
    /// server.
    package func stop() async {
        pulse.cancel()
        await core.close()
    }
}
