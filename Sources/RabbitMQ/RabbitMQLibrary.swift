#if RabbitMQ
import CRabbitMQ

/// The C library behind amqp:// URLs.
package enum RabbitMQLibrary {
    /// Its version, as `0.11.0`. The corresponding C function is `amqp_version`.
    package static var version: String { String(cString: amqp_version()) }
}
#endif
