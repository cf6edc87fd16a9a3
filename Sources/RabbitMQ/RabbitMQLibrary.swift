// The room of librabbitmq; no other room imports it.
//
//     ConnectionOwner   one thread, one connection: connects, serves, reconnects
//       Connection      the C library's connection, confined to that thread
//         FieldTable    header tables <-> JSON
//         Incoming      what arrives: deliveries, confirms, returns, cancels
//       ConnectionUse   what a driver does with it: publishes, or consumes
//
// librabbitmq is not thread-safe, and sends heartbeats only inside its calls. The thread that owns a connection therefore calls
// it at least every quarter of a heartbeat interval.

import CRabbitMQ

/// The functions of librabbitmq, loaded on first use.
// Unchecked: the function pointers are written once by `celery_amqp_load` and are safe to share.
struct RabbitMQLibrary: @unchecked Sendable {
    let pointer: UnsafePointer<celery_amqp>

    var calls: celery_amqp { pointer.pointee }

    private static let loaded: Result<RabbitMQLibrary, LoadFailure> = {
        var reason: UnsafePointer<CChar>?
        guard let pointer = celery_amqp_load(&reason) else {
            return .failure(LoadFailure(reason: reason.map { String(cString: $0) } ?? "unknown reason"))
        }
        return .success(RabbitMQLibrary(pointer: pointer))
    }()

    private struct LoadFailure: Error {
        var reason: String
    }

    /// The library, loaded by the first call. The corresponding C function is `dlopen`.
    static func load() throws(RabbitMQError) -> RabbitMQLibrary {
        do {
            return try loaded.get()
        } catch {
            throw RabbitMQError(.libraryMissing, "cannot load librabbitmq: \(error.reason)")
        }
    }

    /// The library's description of a status. The corresponding C function is `amqp_error_string2`.
    func text(of status: Int32) -> String {
        calls.amqp_error_string2(status).map { String(cString: $0) } ?? "error \(status)"
    }
}
