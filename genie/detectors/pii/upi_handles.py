"""Handles of UPI payment addresses: the part after the ``@``, by app and bank.

Source: the handles that NPCI lists for third-party apps, and that banks publish for their own.
"""

from __future__ import annotations

_OWN = """
okaxis okhdfcbank okicici oksbi ybl ibl axl apl yapl rapl ptaxis pthdfc ptsbi ptyes waicici waaxis wahdfcbank wasbi
axisb axisgo naviaxis superyes yescred jupiteraxis sliceaxis timecosmos tapicici zoicici goaxb
"""
_SHARED = """
upi paytm icici sbi hdfcbank axisbank axis kotak kotak811 kmbl kbl kvb kvbank rbl rblbank idfcbank idfcfirst idfcnetc
indus indusind federal fbl yesbank yespay yesg yesbankltd pnb boi bob barodampay barodapay mahb mahabank uco unionbank
unionbankofindia uboi cnrb canarabank cboi centralbank indianbank indbank iob idbi idbibank allbank andb aubank au
bandhan bandhanbank csbpay csbcash cub dbs dcb dcbbank dlb dhanbank equitas esaf ezeepay eazypay freecharge freoicici
hsbc ikwik mobikwik jio jiopay jkb jsb jsbp karb kaypay lvb mbk myicici imobile nsdl nsdlpbma obc orient postbank ippb
payzapp hdfcbankjd rmhdfcbank pingpay pockets psb purz airtel airtelpaymentsbank sib srcb sc scb scmobile scbl sibl
syndicate synd tjsb ubi united utbi utkarshbank vijb vijayb vjb abfspay amazonpay credpay cred slc sliceapp slice trans
dbspay citi citibank citigold cmsidfc finobank fam famapp pinelabs shriramhdfcbank nye niyoicici oneyes omni apb bhim
gpay phonepe spicepay liv lime
"""

OWN_HANDLES = frozenset(_OWN.split())
"""Handles without another meaning, so that spaces around the sign are accepted."""
HANDLES = OWN_HANDLES | frozenset(_SHARED.split())
"""Every known handle; others are not accepted."""
