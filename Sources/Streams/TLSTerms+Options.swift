package import CeleryCore

extension TLSTerms {
    /// What to do where libssl is missing.
    package static let libraryHint = "install it: apt-get install libssl3"
    /// What to do about a certificate that is not accepted, where the URL has these options.
    package static let distrustHint =
        "name the file of trusted certificates with ?ssl_ca_certs=FILE in the URL, and use the host name in the certificate"

    /// Options of URLs, in the words of Python's clients.
    package static let optionNames = ["ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"]

    /// Takes one of these options.
    ///
    /// - Returns: What is wrong with its value; `nil` if nothing is.
    package mutating func take(_ name: String, _ value: String) -> String? {
        switch name {
        case "ssl_ca_certs": authorities = value
        case "ssl_ca_path": authorityFolder = value
        case "ssl_certfile": certificate = value
        case "ssl_keyfile": key = value
        case "ssl_check_hostname":
            guard let isTrue = Self.truth(value) else { return "ssl_check_hostname must be true or false" }
            checksHost = isTrue
        default:
            switch value {
            // A server always shows a certificate, so that both come to the same.
            case "required", "CERT_REQUIRED", "optional", "CERT_OPTIONAL": isVerified = true
            case "none", "CERT_NONE": isVerified = false
            default: return "ssl_cert_reqs must be required, optional or none"
            }
        }
        return nil
    }

    /// As redis-py reads truth values in a URL.
    private static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "0", "f", "false", "n", "no": false
        case "1", "t", "true", "y", "yes": true
        default: nil
        }
    }
}

extension TLSTerms? {
    /// Takes one of the options of TLS.
    ///
    /// - Parameter scheme: That of URLs with TLS.
    /// - Returns: What is wrong with it; `nil` if nothing is.
    package mutating func take(_ item: ServiceURL.QueryItem, scheme: String) -> String? {
        self == nil ? "\(item.name) needs \(scheme)://" : self?.take(item.name, item.value)
    }

    /// What is wrong with all options together; `nil` if nothing is.
    package var problem: String? {
        (self?.certificate == nil) == (self?.key == nil) ? nil : "ssl_certfile and ssl_keyfile must be given together"
    }
}
