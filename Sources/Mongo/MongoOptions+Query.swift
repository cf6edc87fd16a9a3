import CeleryCore
import Streams

/// The options after the question mark.
extension MongoOptions {
    private static let own = [
        "authSource", "authMechanism", "replicaSet", "directConnection", "connectTimeoutMS", "socketTimeoutMS", "serverSelectionTimeoutMS", "w",
        "wTimeoutMS", "journal", "appName", "readPreference", "taskmeta_collection", "groupmeta_collection",
    ]
    private static let ofTLS = [
        "tls", "ssl", "tlsCAFile", "tlsCertificateKeyFile", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames", "tlsInsecure",
    ]
    /// Options of PyMongo that concern its pool of connections and its objects, or that are always so here: what fails is sent again.
    private static let pythonOnly = [
        "maxPoolSize", "minPoolSize", "maxIdleTimeMS", "maxConnecting", "waitQueueTimeoutMS", "heartbeatFrequencyMS", "localThresholdMS",
        "retryWrites", "retryReads", "uuidRepresentation", "tz_aware", "connect", "readConcernLevel", "compressors", "zlibCompressionLevel",
    ]

    mutating func take(_ item: ServiceURL.QueryItem) throws(MongoError) {
        let known = Self.own + Self.ofTLS + Self.pythonOnly
        guard let name = known.first(where: { $0.lowercased() == item.name.lowercased() }) else {
            let nearest = NearestName.suggest(item.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw complaint("unknown option '\(item.name)'\(nearest)")
        }
        if Self.pythonOnly.contains(name) { return }
        if Self.ofTLS.contains(name) { return try takeTLS(name, item) }
        switch name {
        case "authSource": authenticationDatabase = item.value
        case "authMechanism":
            let mechanisms = SCRAM.Mechanism.allCases.map(\.rawValue)
            guard mechanisms.contains(item.value) else { throw complaint("authMechanism must be \(mechanisms.joined(separator: " or "))") }
            mechanism = item.value
        case "replicaSet":
            guard !item.value.isEmpty else { throw complaint("replicaSet must be the name of the set") }
            replicaSet = item.value
        case "directConnection": isDirect = try truth(item)
        case "connectTimeoutMS", "serverSelectionTimeoutMS": connectTimeout = try milliseconds(item)
        // Longer silences than ours are lost connections.
        case "socketTimeoutMS": answerTimeout = min(answerTimeout, try milliseconds(item))
        case "w", "wTimeoutMS", "journal": try takeWriteConcern(name, item)
        case "appName":
            guard item.value.utf8.count <= 128 else { throw complaint("appName must have at most 128 bytes") }
            applicationName = item.value
        case "readPreference":
            // A secondary may not have yet what was just stored.
            guard ["primary", "primaryPreferred"].contains(item.value) else { throw complaint("results are read from the primary only; leave readPreference out") }
        case "taskmeta_collection": taskCollection = item.value
        default: groupCollection = item.value
        }
    }

    private mutating func takeWriteConcern(_ name: String, _ item: ServiceURL.QueryItem) throws(MongoError) {
        var concern = writeConcern ?? BSONDocument()
        switch name {
        case "w":
            if item.value == "0" { throw complaint("w must be at least 1: what is not confirmed may be lost") }
            concern["w"] = Int32(item.value).map { .int32($0) } ?? .string(item.value)
        case "journal": concern["j"] = .bool(try truth(item))
        default:
            guard let number = Int32(item.value), number > 0 else { throw complaint("wTimeoutMS must be a number of milliseconds") }
            concern["wtimeout"] = .int32(number)
        }
        writeConcern = concern
    }

    private mutating func takeTLS(_ name: String, _ item: ServiceURL.QueryItem) throws(MongoError) {
        if name == "tls" || name == "ssl" {
            let isOn = try truth(item)
            guard isOn || tls == nil else { throw complaint("TLS is off, and has options") }
            tls = isOn ? tls ?? TLSTerms() : nil
            return
        }
        // As for PyMongo, an option of TLS asks for TLS.
        var terms = tls ?? TLSTerms()
        switch name {
        case "tlsCAFile": terms.authorities = item.value
        case "tlsCertificateKeyFile": (terms.certificate, terms.key) = (item.value, item.value)
        case "tlsAllowInvalidHostnames": terms.checksHost = try !truth(item)
        default: terms.isVerified = try !truth(item)
        }
        tls = terms
    }

    private func truth(_ item: ServiceURL.QueryItem) throws(MongoError) -> Bool {
        switch item.value.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw complaint("\(item.name) must be true or false")
        }
    }

    private func milliseconds(_ item: ServiceURL.QueryItem) throws(MongoError) -> Duration {
        guard let number = Int(item.value), number > 0, number <= 3_600_000 else { throw complaint("\(item.name) must be a number of milliseconds, up to 3600000") }
        return .milliseconds(number)
    }
}
