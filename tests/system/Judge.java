// SPDX-License-Identifier: Apache-2.0
// What Java's PKIX validator makes of chains: `java Judge.java QUESTIONS`.
//
// A line of QUESTIONS is, with tabs between: a name; "none", "crl" or "ocsp";
// files of PEM: the roots that are trusted; the leaf and what may be above it;
// the CRLs or "-".  OCSP is asked where the leaf says.  The answer is a line
// each: the name, a tab, and "accepted" or "refused: " and the reason.

import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRL;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

public final class Judge {
	private static List<Certificate> certificates(String file)
	    throws Exception {
		try (InputStream in = new FileInputStream(file)) {
			return new ArrayList<>(CertificateFactory
			    .getInstance("X.509").generateCertificates(in));
		}
	}

	private static Collection<? extends CRL> crls(String file)
	    throws Exception {
		if (file.equals("-"))
			return List.of();
		try (InputStream in = new FileInputStream(file)) {
			return CertificateFactory.getInstance("X.509")
			    .generateCRLs(in);
		}
	}

	private static PKIXRevocationChecker checker(CertPathValidator v,
	    boolean byCrl) {
		PKIXRevocationChecker checker =
		    (PKIXRevocationChecker) v.getRevocationChecker();
		Set<PKIXRevocationChecker.Option> options = EnumSet.of(
		    PKIXRevocationChecker.Option.NO_FALLBACK);

		// CAs above the leaf do not name a responder.
		options.add(byCrl ? PKIXRevocationChecker.Option.PREFER_CRLS :
		    PKIXRevocationChecker.Option.ONLY_END_ENTITY);
		checker.setOptions(options);
		return checker;
	}

	private static void judge(String how, String roots, String chain,
	    String crls) throws Exception {
		Set<TrustAnchor> anchors = new HashSet<>();
		for (Certificate c : certificates(roots))
			anchors.add(new TrustAnchor((X509Certificate) c, null));
		List<Certificate> given = certificates(chain);
		X509CertSelector leaf = new X509CertSelector();
		leaf.setCertificate((X509Certificate) given.get(0));
		PKIXBuilderParameters p =
		    new PKIXBuilderParameters(anchors, leaf);
		p.addCertStore(CertStore.getInstance("Collection",
		    new CollectionCertStoreParameters(given)));
		p.addCertStore(CertStore.getInstance("Collection",
		    new CollectionCertStoreParameters(crls(crls))));
		p.setRevocationEnabled(false);
		// The builder chooses the way, the validator judges it.
		CertPath path = CertPathBuilder.getInstance("PKIX").build(p)
		    .getCertPath();
		CertPathValidator v = CertPathValidator.getInstance("PKIX");
		if (!how.equals("none"))
			p.addCertPathChecker(checker(v, how.equals("crl")));
		v.validate(path, p);
	}

	private static String why(Throwable e) {
		StringBuilder out = new StringBuilder("refused:");
		for (; e != null; e = e.getCause())
			out.append(' ').append(e.getMessage());
		return out.toString().replace('\n', ' ');
	}

	public static void main(String[] args) throws Exception {
		for (String line : Files.readAllLines(Path.of(args[0]))) {
			String[] f = line.split("\t");
			String answer = "accepted";
			try {
				judge(f[1], f[2], f[3], f[4]);
			} catch (Exception e) {
				answer = why(e);
			}
			System.out.println(f[0] + "\t" + answer);
		}
	}
}
