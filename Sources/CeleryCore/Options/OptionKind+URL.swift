extension OptionKind where Value == String {
    /// A URL that a server can be called at.
    static let webURL = OptionKind(
        placeholder: "URL", commandPlaceholder: "URL", fileValue: "text",
        read: { (input, _) throws(OptionMistake) in
            guard let text = input.text else { throw OptionMistake(must: "be a URL", not: input, problem: nil) }
            let address: HTTPAddress
            do throws(HTTPAddressError) {
                address = try HTTPAddress(text)
            } catch {
                throw OptionMistake(error.text, problem: error.text, advice: "write https://HOST/PATH")
            }
            guard address.scheme != .unix else {
                throw OptionMistake("must not be a Unix socket, which only settings may name", problem: "is a Unix socket", advice: "write https://HOST/PATH")
            }
            return text
        },
        text: { $0 }, json: { .string($0) },
        heard: { value in
            guard let text = value.stringValue, let address = try? HTTPAddress(text), address.scheme != .unix else { return nil }
            return text
        })
}
