package import CeleryCore
package import ZeroMQ

/// Where a `celery broker` is, and how to prove who we are: `zmq://host:5556?server_key=64 hexadecimal digits`.
package struct ZMQOptions: Sendable, Hashable {
    /// As ZeroMQ writes it: `tcp://host:5556`.
    package let address: String
    /// For display.
    package let location: String
    /// The public key of the server; `nil` without encryption, which is for this machine only.
    package let serverKey: CurveKey?
    /// The file with the client's own key.
    package let keyFile: String
    package let connectTimeout: Duration

    /// - Throws: `DriverError.configuration`.
    package init(_ url: ServiceURL, keyFile: String, connectTimeout: Duration) throws(DriverError) {
        location = url.redacted
        self.keyFile = keyFile
        self.connectTimeout = connectTimeout
        func fail(_ reason: String, hint: String? = nil) -> DriverError { DriverError(.configuration, "\(url.redacted): \(reason)", hint: hint) }
        guard let host = url.host, !host.isEmpty else { throw fail("it names no host", hint: "write zmq://host:5556?server_key=KEY") }
        guard url.user == nil, url.password == nil else { throw fail("it has a user or password, but a key takes their place (CELERY_BROKER_CLIENT_KEY)") }
        guard url.path.count <= 1 else { throw fail("it has a path, but there is one celery.db behind a broker") }
        address = "tcp://\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(url.usedPort)"
        var key: CurveKey?
        for item in url.query {
            guard item.name == "server_key" else { throw fail("it has an unknown option '\(item.name.forLog)'", hint: "the option is server_key") }
            guard let value = CurveKey(item.value) else {
                throw fail("its server_key is not 64 hexadecimal digits", hint: "celery broker prints the URL when it starts")
            }
            key = value
        }
        serverKey = key
        guard key != nil || Self.isLocal(host) else {
            throw fail("without a server_key everybody on the way could read and change tasks", hint: "add ?server_key=KEY: celery broker prints the URL when it starts")
        }
    }

    /// Whether a host is this machine.
    private static func isLocal(_ host: String) -> Bool { host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4) }

    /// The client's own keys; `nil` without encryption. Blocks.
    ///
    /// - Throws: `DriverError.configuration`.
    func keys() throws(DriverError) -> CurveKeyPair? {
        guard serverKey != nil else { return nil }
        do throws(ZMQError) {
            if let keys = try CurveKeyFile.read(keyFile) { return keys }
        } catch {
            throw DriverError(error)
        }
        throw DriverError(
            .configuration, "there is no client key in \(keyFile), by which \(location) would know this project",
            hint: "make one with 'celery broker --keygen \(keyFile)', and add a line for it to the allow list of the broker")
    }
}

extension DriverError {
    /// Translates an error of the library.
    package init(_ error: ZMQError) {
        let code: Code = switch error.code {
        case .libraryMissing, .keys, .address: .configuration
        case .system: .tryAgain
        }
        self.init(code, error.message, hint: error.hint)
    }
}
