import CRabbitMQ

extension amqp_bytes_t {
    /// The bytes as text; invalid UTF-8 is replaced.
    var string: String {
        guard let bytes, len > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: len), as: UTF8.self)
    }

    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : len) }

    static var none: amqp_bytes_t { amqp_bytes_t(len: 0, bytes: nil) }
}
